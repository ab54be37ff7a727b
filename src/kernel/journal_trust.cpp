#include "kernel/journal_trust.h"

#include "base/format.h"
#include "base/text.h"
#include "kernel/views.h"

namespace daimon::kernel {
namespace {

std::string distrust_remedy() {
  return daimon::format("nothing is carried out on the basis of it: {}; until then it can still be read",
                        journal::kRestoreRemedy);
}

std::string fault_of(const journal::Journal::Verification& verification) {
  using enum journal::Journal::Verification::Fault;
  const std::int64_t at = verification.broken_at.value_or(0);
  switch (verification.fault) {
    case kChain:
      return daimon::format("record {} does not follow from the one before", at);
    case kMissing:
      return daimon::format("records are missing after record {}", at - 1);
    case kReplaced:
      return daimon::format("record {} is not the one that was written there", at);
    case kMore:
      return daimon::format("there are more records than were written: those after record {}", at - 1);
    case kNoHead:
      break;
  }
  return daimon::format("what tells where it ends is gone, so records may be missing after record {}", at - 1);
}

}  // namespace

Error distrust(std::int64_t damaged_record) {
  Error problem = journal::damaged(damaged_record);
  problem.remedy = distrust_remedy();
  return problem;
}

Status judge(const Result<journal::Journal::Verification>& verification) {
  if (!verification)
    return fail(verification.error().code,
                daimon::format("the journal could not be verified: {}", verification.error().what),
                verification.error().remedy);
  if (!verification->broken_at) return {};
  return fail(ErrorCode::kCorrupt, daimon::format("the journal was changed from outside: {}", fault_of(*verification)),
              distrust_remedy());
}

void add_journal_checks(JsonArray& checks, const std::filesystem::path& file, std::set<std::string> restored) {
  const auto verification = journal::Journal::verify_file(file, {});
  if (const Status judged = judge(verification); !judged)
    checks.push_back(check_view("journal", false, judged.error().what, judged.error().remedy));
  else
    checks.push_back(check_view("journal", true,
                                daimon::format("{} {}, the chain of hashes holds", verification->records,
                                               one_or_many(verification->records, "record", "records")),
                                ""));
  if (verification) restored.insert(verification->wrong_rows.begin(), verification->wrong_rows.end());
  if (restored.empty()) return;
  std::string names;
  for (const std::string& id : restored) names += (names.empty() ? "" : ", ") + printable(id);
  checks.push_back(check_view(
      "processes", false, daimon::format("what the journal lists of {} was not what its records say", names),
      "the records count, and the list is made anew from them at each start; somebody wrote into journal.db beside "
      "Daimon, or its disk did: find out who can"));
}

}  // namespace daimon::kernel
