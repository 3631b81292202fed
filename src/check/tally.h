// What readings come to: by level how many texts parse, verify, print back, execute and agree, and
// which do not.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "check/reading.h"

namespace jaxsmith::check {

struct LevelTally {
  std::uint64_t texts = 0, parsed = 0, verified = 0, printed_back = 0;
  std::uint64_t cases = 0;  // texts that came with inputs and outputs
  std::uint64_t executed = 0, agreed = 0;
  std::map<std::string, std::uint64_t> unknown;  // operations for want of which texts did not run
};

class ReadingTally {
 public:
  struct Failure {
    std::string id;
    std::optional<level::Level> level;  // nothing for a row that could not be read
    std::string reason;
    auto operator<=>(const Failure&) const = default;
  };

  void add(const std::string& id, level::Level level, const Reading& reading, bool has_case);
  // A row that could not be read at all: where it is, and why.
  void add_unreadable(const std::string& id, const std::string& reason);
  void merge(const ReadingTally& other);
  std::uint64_t texts() const { return verdicts_.size(); }
  const std::map<level::Level, LevelTally>& levels() const { return levels_; }
  // Every text that was read, sorted by id.
  struct Verdict {
    std::string id;
    level::Level level;
    Reading reading;
    bool has_case = false;
  };
  std::vector<Verdict> verdicts() const;
  // Sorted by id; what was not executed for want of an operation is not among them.
  std::vector<Failure> failures() const;
  // For a terminal: a line for each level, operations that are not known, the first failures.
  std::string table(std::size_t most_failures) const;

 private:
  std::map<level::Level, LevelTally> levels_;
  std::vector<Failure> failures_;
  std::vector<Verdict> verdicts_;
};

}  // namespace jaxsmith::check
