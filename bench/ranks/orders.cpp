// Failures cross as what they are: a limit of one rank's host is a limit of the case.
#include "bench/ranks/orders.hpp"

#include <fmt/format.h>
#include <link.h>

#include <nlohmann/json.hpp>

#include "bench/machine/provenance.hpp"
#include "bench/measure/run.hpp"
#include "bench/measure/status.hpp"

namespace fanbench::ranks {
namespace {

/// The linker's digest of this program, from its ELF note; empty where it wrote none.
std::string build_id() {
  std::string found;
  ::dl_iterate_phdr(
      [](dl_phdr_info* info, std::size_t, void* into) {
        for (int i = 0; i < info->dlpi_phnum; ++i) {
          const auto& segment = info->dlpi_phdr[i];
          if (segment.p_type != PT_NOTE) continue;
          const auto* at = reinterpret_cast<const char*>(info->dlpi_addr + segment.p_vaddr);
          const char* const end = at + segment.p_memsz;
          while (at + sizeof(ElfW(Nhdr)) <= end) {
            ElfW(Nhdr) note;
            std::memcpy(&note, at, sizeof note);
            const auto padded = [](std::size_t size) { return (size + 3) / 4 * 4; };
            const char* const description = at + sizeof note + padded(note.n_namesz);
            if (note.n_type == NT_GNU_BUILD_ID)
              *static_cast<std::string*>(into) = std::string(description, note.n_descsz);
            at = description + padded(note.n_descsz);
          }
        }
        return 1;  // the program itself comes first
      },
      &found);
  std::string text;
  for (const char byte : found) text += fmt::format("{:02x}", static_cast<unsigned char>(byte));
  return text;
}

}  // namespace

std::string build_of() {
  const auto built = provenance();
  return fmt::format("fanbench {} by {} {}, build {}", built.at("fanbench"), built.at("compiler"),
                     built.at("flags"), build_id());
}

std::string fingerprint(const Case& whole) {
  return fmt::format("{}\n{}\n{}\n{}", whole.name, parameters_json(whole).dump(), format_plan(whole.plan),
                     build_of());
}

std::string answer_of(const std::exception& failure) {
  const auto kind = [&] {
    switch (status_of(failure)) {
      case Status::not_applicable:
        return Answer::not_applicable;
      case Status::limit:
        return Answer::limit;
      default:
        return Answer::error;
    }
  }();
  return static_cast<char>(kind) + std::string(failure.what());
}

void throw_failure(std::string_view answer, const std::string& who) {
  if (answer.empty()) throw std::runtime_error(fmt::format("{} answered nothing", who));
  const std::string what = fmt::format("{}: {}", who, answer.substr(1));
  switch (static_cast<Answer>(answer.front())) {
    case Answer::ready:
    case Answer::ended:
    case Answer::done:
      return;
    case Answer::not_applicable:
      throw NotApplicable(what);
    case Answer::limit:
      throw BeyondLimit(what);
    case Answer::error:
      break;
  }
  throw WrongResult(what);
}

}  // namespace fanbench::ranks
