#include <linux/landlock.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "base/format.h"
#include "sandbox/child.h"
#include "sandbox/control_group.h"
#include "sandbox/syscall_filter.h"

namespace daimon::sandbox {
namespace {

LayerReport of_error(Layer layer, const Error& error) { return {layer, false, true, error.what, error.remedy}; }

LayerReport landlock(const Options& options) {
  const long abi = ::syscall(SYS_landlock_create_ruleset, nullptr, 0, LANDLOCK_CREATE_RULESET_VERSION);
  if (abi >= 1) return {Layer::kLandlock, true, true, daimon::format("ABI {}", abi), ""};
  const bool absent = errno == ENOSYS || errno == EOPNOTSUPP;
  const auto missing = layer_missing(Layer::kLandlock, absent ? "not offered by this kernel" : std::strerror(errno));
  return {Layer::kLandlock, false, !(absent && options.allow_missing_landlock), "not offered by this kernel",
          missing.error().remedy};
}

}  // namespace

Result<Report> probe(const Options& options) {
  Report report;
  report.layers.push_back({Layer::kUser, true, true,
                           can_change_user()  ? daimon::format("becomes nobody ({})", kNobody)
                           : ::geteuid() == 0 ? "an ordinary user already (root of a user namespace of one)"
                                              : daimon::format("an ordinary user already ({})", ::geteuid()),
                           ""});
  report.layers.push_back({Layer::kLimits, true, true, "memory, CPU, processes, file size, output, time", ""});
  report.layers.push_back({Layer::kNamespaces, true, true, "bubblewrap: no network, own mounts and processes", ""});
  report.layers.push_back(landlock(options));
  const auto filter = syscall_filter();
  report.layers.push_back(
      filter ? LayerReport{Layer::kSeccomp, true, true, daimon::format("{} instructions", filter->size() / 8), ""}
             : of_error(Layer::kSeccomp, filter.error()));
  {
    const bool works = ControlGroup::create(64 << 20, 8).has_value();
    report.layers.push_back({Layer::kCgroup, works, false,
                             works ? "memory and processes of the whole tree" : "none for Daimon here",
                             works ? "" : "a service with Delegate=yes has one; the other limits hold without it"});
  }
  // All of them, with a program: what cannot be known from the outside.
  Command command;
  command.argv = {"/usr/bin/true"};
  for (int i = 0; i < 2; ++i) {
    const auto begin = std::chrono::steady_clock::now();
    const auto ran = run(Profile{}, command, options);
    report.launch = std::chrono::duration_cast<std::chrono::microseconds>(std::chrono::steady_clock::now() - begin);
    report.usable = ran && ran->succeeded();
    if (report.usable) continue;
    const Error error =
        ran ? Error{ErrorCode::kUnavailable, daimon::format("/usr/bin/true ended with {}", ran->exit_code), ""}
            : ran.error();
    // The error of run() names the layer in words; the first that its text fits is the one.
    for (LayerReport& layer : report.layers) {
      const std::string words = layer_missing(layer.layer, "").error().what;
      if (error.what.starts_with(words.substr(0, words.find('('))))
        layer = {layer.layer, false, layer.required, error.what, error.remedy};
    }
    break;
  }
  return report;
}

}  // namespace daimon::sandbox
