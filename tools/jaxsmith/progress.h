// How a run of `generate` looks on a terminal, and in a file.
#pragma once

#include <chrono>
#include <cstdint>
#include <string>

#include "generate/generate.h"

namespace jaxsmith::cli {

// Of the run that writes to the folder `out`: a line that renews itself on a terminal; plain lines
// every few seconds elsewhere. Writes to stderr; with `announce` names of files with rows to
// stdout, a line each, and cancels the run (jaxsmith/signals.h) where nobody takes them.
class ProgressPrinter : public generate::Observer {
 public:
  ProgressPrinter(std::string out, bool announce);
  ~ProgressPrinter() override { clear(); }
  void fitted(const generate::Likeness& likeness) override;
  void new_run() override;
  void starting() override;
  void started(const trace::Versions& versions, const generate::Figures& before,
               std::uint64_t wanted) override;
  void progress(const generate::Figures& figures) override;
  void stored(const std::string& file) override;
  void assembling(const generate::Figures& figures) override;

 private:
  using Clock = std::chrono::steady_clock;
  void estimate(const generate::Figures& figures, Clock::time_point now);
  std::string line(const generate::Figures& figures) const;
  void clear();

  const std::string out_;
  const bool announce_, terminal_;
  Clock::time_point begin_ = Clock::now(), last_ = begin_;
  std::uint64_t wanted_ = 0, rows_before_ = 0, rejects_before_ = 0;
  // As the rows that came last let it be expected. They come a chunk at a time.
  std::uint64_t rows_ = 0;
  double rate_ = 0;
  Clock::time_point end_ = begin_;
  bool shown_ = false;
};

// Table by category, with what was refused, and where the processor time went.
std::string summary_table(const generate::Summary& summary);

}  // namespace jaxsmith::cli
