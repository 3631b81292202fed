#include "check/tally.h"

#include <fmt/format.h>

#include <algorithm>
#include <tuple>

#include "base/text.h"

namespace jaxsmith::check {

using level::Level;

namespace {

constexpr std::size_t kLongestId = 5000;  // a path may be part of it

}  // namespace

void ReadingTally::add(const std::string& id, Level level, const Reading& reading, bool has_case) {
  LevelTally& t = levels_[level];
  ++t.texts;
  t.parsed += reading.parsed;
  t.verified += reading.verified;
  t.printed_back += reading.printed_back;
  t.cases += has_case;
  t.executed += reading.executed;
  t.agreed += reading.agrees;
  verdicts_.push_back({id, level, reading, has_case});
  if (!reading.unknown.empty()) {
    ++t.unknown[reading.unknown];
    return;
  }
  if (reading.read_well(level) && (!has_case || reading.agrees)) return;
  failures_.push_back(
      {id, level, !reading.reason.empty() ? reading.reason : "it is printed back differently"});
}

void ReadingTally::add_unreadable(const std::string& id, const std::string& reason) {
  failures_.push_back({id, std::nullopt, reason});
}

void ReadingTally::merge(const ReadingTally& other) {
  for (const auto& [level, o] : other.levels_) {
    LevelTally& t = levels_[level];
    t.texts += o.texts;
    t.parsed += o.parsed;
    t.verified += o.verified;
    t.printed_back += o.printed_back;
    t.cases += o.cases;
    t.executed += o.executed;
    t.agreed += o.agreed;
    for (const auto& [op, n] : o.unknown) t.unknown[op] += n;
  }
  failures_.insert(failures_.end(), other.failures_.begin(), other.failures_.end());
  verdicts_.insert(verdicts_.end(), other.verdicts_.begin(), other.verdicts_.end());
}

std::vector<ReadingTally::Failure> ReadingTally::failures() const {
  std::vector<Failure> out = failures_;
  std::sort(out.begin(), out.end());
  return out;
}

std::vector<ReadingTally::Verdict> ReadingTally::verdicts() const {
  std::vector<Verdict> out = verdicts_;
  std::sort(out.begin(), out.end(), [](const Verdict& a, const Verdict& b) {
    return std::tie(a.id, a.level) < std::tie(b.id, b.level);
  });
  return out;
}

std::string ReadingTally::table(std::size_t most_failures) const {
  std::string out = fmt::format("{:<15}{:>9}{:>9}{:>10}{:>9}{:>9}{:>10}{:>8}\n", "level", "texts",
                                "parsed", "verified", "printed", "cases", "executed", "agree");
  for (const auto& [level, t] : levels_) {
    out +=
        fmt::format("{:<15}{:>9}{:>9}{:>10}{:>9}{:>9}{:>10}{:>8}\n", level::name_of(level), t.texts,
                    t.parsed, t.verified, t.printed_back, t.cases, t.executed, t.agreed);
  }
  std::map<std::string, std::uint64_t> unknown;
  for (const auto& [level, t] : levels_)
    for (const auto& [op, n] : t.unknown) unknown[op] += n;
  if (!unknown.empty()) out += "\nnot executed, since jaxsmith does not know:\n";
  for (const auto& [op, n] : unknown) out += fmt::format("  {:<40}{:>6}\n", in_one_line(op), n);
  const auto failed = failures();
  if (!failed.empty()) out += "\nfailed:\n";
  for (std::size_t i = 0; i < std::min(most_failures, failed.size()); ++i)
    out += fmt::format("  {}{}{}: {}\n", in_one_line(failed[i].id, kLongestId),
                       failed[i].level ? " " : "",
                       failed[i].level ? level::name_of(*failed[i].level) : "",
                       visible(shorter_lines(failed[i].reason)));
  if (failed.size() > most_failures)
    out += fmt::format("  … and {} more (--failures FILE writes all)\n",
                       failed.size() - most_failures);
  return out;
}

}  // namespace jaxsmith::check
