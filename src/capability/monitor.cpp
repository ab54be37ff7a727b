#include "capability/monitor.h"

#include "base/format.h"
#include "base/text.h"
#include "capability/credentials.h"

namespace daimon::capability {
namespace {

std::string reason_of(const Constitution::Verdict& rule, const Access& access) {
  std::string why =
      daimon::format("a rule of the constitution {}: '{}'",
                     rule.ruling == Constitution::Ruling::kNever ? "forbids it" : "asks first", printable(rule.rule));
  if (access.kind == "file" && access.object.empty())
    why += daimon::format(", and this could {} any mounted file", access.verb);
  return why;
}

}  // namespace

bool touches_credentials(const Access& access, const Places& places) {
  if (access.kind != "file" || access.verb == "list" || access.object.empty()) return false;
  // Where nobody knows the mount, by what the process calls it.
  const std::filesystem::path real = locate(access, places).real();
  return holds_credentials(real.empty() ? std::filesystem::path(access.object) : real);
}

Decision decide(const CallFacts& facts, const Table& table, const Constitution& constitution,
                const MonitorOptions& options, WallTime now) {
  Decision decision;
  // A call that names nothing it touches could touch anything.
  if (facts.accesses.empty()) {
    decision.reason = daimon::format("{} declares no access, so nothing can allow it", facts.name);
    return decision;
  }
  bool ask = false;
  std::string why;
  for (const Access& access : facts.accesses) {
    const auto handle = table.lookup(access, now);
    if (!handle) {
      decision.reason =
          daimon::format("no capability to {} {} '{}'", access.verb, access.kind, printable(access.object));
      decision.handles.clear();
      return decision;
    }
    const Capability& capability = *table.find(*handle);
    // Every network read is a send: what is in the arguments must be allowed to leave.
    if (access.kind == "net" && facts.label.confidentiality > capability.ceiling) {
      decision.reason = daimon::format("{} data may not leave through {}", name_of(facts.label.confidentiality),
                                       printable(access.object));
      decision.handles.clear();
      return decision;
    }
    // What a stranger wrote may have chosen where this goes, and what goes with it is the person's own: at no level of
    // autonomy does that happen unseen (Meta, "Agents rule of two", 2025).
    if (access.kind == "net" && facts.label.integrity == Integrity::kUntrusted &&
        facts.label.confidentiality > Confidentiality::kPublic) {
      ask = true;
      why = daimon::format("it goes to {} after reading what others wrote, and your own data may go with it",
                           printable(access.object));
    }
    if (touches_credentials(access, facts.places)) {
      ask = true;
      why = daimon::format(
          "'{}' holds passwords or keys, by its name: what is in it would be shown to the model and "
          "stay in the journal",
          printable(access.object));
    }
    const Constitution::Verdict rule = constitution.judge(access, facts.places);
    if (rule.ruling == Constitution::Ruling::kNever) {
      decision.reason = reason_of(rule, access);
      decision.handles.clear();
      return decision;
    }
    if (rule.ruling == Constitution::Ruling::kAsk) {
      ask = true;
      why = reason_of(rule, access);
    }
    decision.handles.push_back(*handle);
  }
  if (facts.has_effect) {
    // In the file that it goes to nothing says any more that it is secret.
    if (facts.label.confidentiality == Confidentiality::kSecret) {
      ask = true;
      why = "passwords or keys were read before, and may be in what it changes";
    }
    if (options.autonomy <= 0) {
      decision.reason = "autonomy level 0 only suggests; nothing is changed";
      decision.handles.clear();
      return decision;
    }
    if (options.autonomy == 1) ask = true, why = "autonomy level 1 asks before every effect";
    if (options.autonomy == 2 && facts.risky) ask = true, why = "it changes your files";
    if (options.autonomy == 3 && !options.planned) ask = true, why = "the plan that was approved did not show it";
  }
  decision.verdict = ask ? Verdict::kAsk : Verdict::kAllow;
  decision.reason = std::move(why);
  return decision;
}

// The "1" says how this text is made up.
std::string approval_digest(const CallFacts& facts) {
  std::string text = daimon::format("1\n{}\n{}\n{}\n", facts.name, facts.arguments.size(), facts.arguments);
  for (const Access& access : facts.accesses)
    text += daimon::format("{} {} {}:{}\n", access.kind, access.verb, access.object.size(), access.object);
  text += to_text(to_json(facts.label));
  return to_hex(sha256(text));
}

}  // namespace daimon::capability
