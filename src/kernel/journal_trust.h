// What a verification of the journal means for whoever relies on it, in words.
#pragma once

#include <filesystem>
#include <set>
#include <string>

#include "base/json.h"
#include "base/result.h"
#include "journal/journal.h"

namespace daimon::kernel {

// Why this journal is not to be trusted, and what to do: kCorrupt, or why it could not be read.
Status judge(const Result<journal::Journal::Verification>& verification);
// A record of it cannot be read.
Error distrust(std::int64_t damaged_record);

// For `daimon doctor`: verifies the file by a connection of its own, which takes the longer the longer the journal is.
// `restored`: processes whose rows were found wrong before. Thread: any.
void add_journal_checks(JsonArray& checks, const std::filesystem::path& file, std::set<std::string> restored);

}  // namespace daimon::kernel
