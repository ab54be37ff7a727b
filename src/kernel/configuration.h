// The person's configuration: config.json and constitution.txt in the configuration folder. Both may be missing.
#pragma once

#include <chrono>
#include <filesystem>
#include <map>
#include <string>
#include <vector>

#include "base/result.h"
#include "capability/constitution.h"
#include "kernel/changes.h"
#include "process/process.h"
#include "processor/local_processor.h"
#include "processor/remote_processor.h"

namespace daimon::kernel {

struct RemoteModel {
  std::string url;      // of an OpenAI-compatible server, up to and with /v1
  std::string model;    // what the server calls it
  std::string key_env;  // the environment variable that holds the key; never the key itself
  bool may_see_personal = false;
  processor::Price price;
};

struct Configuration {
  std::string model = "firmware";  // the default
  std::map<std::string, RemoteModel, std::less<>> remotes;
  processor::LocalOptions local;        // of models in files, as far as the file says; of the firmware nothing
  std::vector<std::string> web_hosts;   // that fetch may reach
  std::vector<std::string> origins;     // of web pages that may call the API over TCP
  bool allow_missing_landlock = false;  // programs run on a kernel that has no Landlock
  process::Limits limits;
  std::chrono::minutes approval_lasts{24 * 60};  // an approval that is not given by then is asked for anew
  Retention undo;
  capability::Constitution constitution;
  std::string written_rules;  // constitution.txt as it was read; nothing when there is none
};

// kConflict when constitution.txt says something else by now: a rule that a person wrote holds, or nothing is begun.
Status check_rules_in_force(const std::filesystem::path& folder, const Configuration& configuration);

// The person's home; empty where the environment does not say.
std::filesystem::path home_folder();

// kInvalidArgument names the file and what is wrong with it; a configuration that cannot be read is never ignored.
// Rules about a path from "/" or from "~", which is `home`, hold for where that path leads now, too.
Result<Configuration> read_configuration(const std::filesystem::path& folder,
                                         const std::filesystem::path& home = home_folder());

}  // namespace daimon::kernel
