// Whether this is a build with sanitizers, in which all takes several times as long.
#pragma once

namespace fanbench {

#if defined(__SANITIZE_THREAD__)
inline constexpr bool thread_sanitized = true;  // which maps memory of its own beside the program's
#else
inline constexpr bool thread_sanitized = false;
#endif
#if defined(__SANITIZE_ADDRESS__)
inline constexpr bool sanitized = true;
#else
inline constexpr bool sanitized = thread_sanitized;
#endif

}  // namespace fanbench
