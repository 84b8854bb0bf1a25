// Whether this is a build with sanitizers, in which all takes several times as long.
#pragma once

namespace fanbench {

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
inline constexpr bool sanitized = true;
#else
inline constexpr bool sanitized = false;
#endif

}  // namespace fanbench
