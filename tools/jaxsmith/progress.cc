#include "jaxsmith/progress.h"
#include "jaxsmith/output.h"
#include "jaxsmith/planned.h"
#include "jaxsmith/signals.h"

#include <fmt/format.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <algorithm>
#include <cmath>
#include <vector>

namespace jaxsmith::cli {
namespace {

using namespace std::chrono_literals;

std::string duration_text(double seconds) {
  const auto s = static_cast<std::int64_t>(std::llround(seconds));
  if (s >= 3600) return fmt::format("{} h {:02} min", s / 3600, s / 60 % 60);
  if (s >= 60) return fmt::format("{} min {:02} s", s / 60, s % 60);
  return fmt::format("{} s", s);
}

using Count = std::pair<std::string, std::uint64_t>;

// Most frequent first.
std::vector<Count> by_reason(const generate::Figures& figures) {
  std::map<std::string, std::uint64_t> total;
  for (const auto& [category, f] : figures.categories) {
    for (const auto& [reason, n] : f.rejects) total[reason] += n;
  }
  std::vector<Count> out(total.begin(), total.end());
  std::stable_sort(out.begin(), out.end(),
                   [](const Count& a, const Count& b) { return a.second > b.second; });
  return out;
}

std::string reasons_text(const std::vector<Count>& reasons, std::size_t most) {
  std::string out;
  for (std::size_t i = 0; i < std::min(most, reasons.size()); ++i) {
    out += fmt::format("{}{} {}", i ? ", " : "", reasons[i].second, reasons[i].first);
  }
  if (reasons.size() > most) out += ", …";
  return out;
}

int terminal_width() {
  winsize size{};
  return ioctl(STDERR_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 20 ? size.ws_col : 80;
}

// The words of UTF-8 text that `width` characters hold, with … for the others.
std::string shortened(const std::string& text, int width) {
  std::size_t end = 0, words = 0;
  int n = 0;
  for (; end < text.size(); ++end) {
    if ((static_cast<unsigned char>(text[end]) & 0xC0) == 0x80) continue;
    if (n++ == width) break;
    if (text[end] == ' ' && n + 1 <= width) words = end;
  }
  return end == text.size() ? text : text.substr(0, words) + " …";
}

// A line of a table, without the blanks of its last cells.
std::string table_line(std::string cells) {
  cells.erase(cells.find_last_not_of(' ') + 1);
  return cells + "\n";
}

}  // namespace

ProgressPrinter::ProgressPrinter(std::string out, bool announce)
    : out_(std::move(out)), announce_(announce), terminal_(isatty(STDERR_FILENO) == 1) {}

void ProgressPrinter::fitted(const generate::Likeness& likeness) {
  tell("{}\n", likeness_text(likeness));
}

void ProgressPrinter::new_run() { tell("{}: there is no run in it: a new one\n", out_); }

void ProgressPrinter::starting() {
  if (!terminal_) return;
  tell_in_place("starting JAX");
  shown_ = true;
}

void ProgressPrinter::started(const trace::Versions& versions, const generate::Figures& before,
                              std::uint64_t wanted) {
  clear();
  wanted_ = wanted;
  rows_before_ = rows_ = before.rows;
  rejects_before_ = before.rejects;
  begin_ = last_ = Clock::now();
  tell("jax {}, jaxlib {}, Python {}; {} functions wanted{}\n", versions.jax, versions.jaxlib,
       versions.python, wanted,
       before.rows ? fmt::format(", {} are there from an earlier run", before.rows) : "");
}

void ProgressPrinter::estimate(const generate::Figures& figures, Clock::time_point now) {
  if (figures.rows == rows_) return;
  rows_ = figures.rows;
  const std::chrono::duration<double> taken = now - begin_;
  const auto fresh = static_cast<double>(rows_ - rows_before_);
  rate_ = taken.count() > 0 ? fresh / taken.count() : 0;
  const std::chrono::duration<double> left = taken * (static_cast<double>(wanted_ - rows_) / fresh);
  end_ = now + std::chrono::duration_cast<Clock::duration>(left);
}

std::string ProgressPrinter::line(const generate::Figures& figures) const {
  std::string text = fmt::format("{} of {} ({:.1f} %)", figures.rows, wanted_,
                                 100.0 * static_cast<double>(figures.rows) /
                                     static_cast<double>(std::max<std::uint64_t>(wanted_, 1)));
  if (figures.rows == rows_before_ && figures.rejects == rejects_before_)
    text += ", the first of this run are traced and compiled";
  if (rate_ > 0) text += fmt::format(", {:.1f}/s", rate_);
  // What has proven wrong is not said.
  const std::chrono::duration<double> left = end_ - last_;
  if (left.count() > 0) text += fmt::format(", {} left", duration_text(left.count()));
  if (figures.rejects > 0)
    text += fmt::format("; {} refused: {}", figures.rejects, reasons_text(by_reason(figures), 3));
  return text;
}

void ProgressPrinter::progress(const generate::Figures& figures) {
  const auto now = Clock::now();
  estimate(figures, now);
  if (now - last_ < (terminal_ ? 200ms : 5000ms)) return;
  last_ = now;
  const std::string text = line(figures);
  if (terminal_) {
    tell_in_place("{}", shortened(text, terminal_width() - 1));
    shown_ = true;
  } else {
    tell("{}\n", text);
  }
}

void ProgressPrinter::stored(const std::string& file) {
  // Without a reader there is no use in going on.
  if (announce_ && !put_at_once(file + "\n")) cancelled = true;
}

void ProgressPrinter::assembling(const generate::Figures& figures) {
  clear();
  tell("writing {} rows\n", figures.rows);
}

void ProgressPrinter::clear() {
  if (shown_) tell_in_place("");
  shown_ = false;
}

std::string summary_table(const generate::Summary& summary) {
  std::string out = table_line(fmt::format("{:<18}{:>8}{:>9}{:>8}{:>12}{:>8}{:>9}  {}", "category",
                                           "rows", "share", "train", "validation", "test",
                                           "refused", summary.figures.rejects > 0 ? "why" : ""));
  std::array<std::uint64_t, 3> splits{};
  const auto rows = static_cast<double>(std::max<std::uint64_t>(summary.figures.rows, 1));
  for (const auto& [category, f] : summary.figures.categories) {
    std::uint64_t refused = 0;
    std::vector<Count> reasons(f.rejects.begin(), f.rejects.end());
    for (const Count& reason : reasons) refused += reason.second;
    std::stable_sort(reasons.begin(), reasons.end(),
                     [](const Count& a, const Count& b) { return a.second > b.second; });
    out += table_line(fmt::format("{:<18}{:>8}{:>8.1f}%{:>8}{:>12}{:>8}{:>9}  {}", category, f.rows,
                                  100 * static_cast<double>(f.rows) / rows, f.splits[0],
                                  f.splits[1], f.splits[2], refused, reasons_text(reasons, 3)));
    for (std::size_t i = 0; i < 3; ++i) splits[i] += f.splits[i];
  }
  out += fmt::format("{:<18}{:>8}{:>9}{:>8}{:>12}{:>8}{:>9}\n", "all", summary.figures.rows, "",
                     splits[0], splits[1], splits[2], summary.figures.rejects);
  if (const auto& difficulty = summary.figures.difficulty; difficulty.rows() > 0) {
    out += "\ndifficulty:";
    for (int d = check::kEasiest; d <= check::kHardest; ++d)
      out += fmt::format(
          " {} in {:.1f} %{}", d,
          100 * static_cast<double>(difficulty.of(d)) / static_cast<double>(difficulty.rows()),
          d < check::kHardest ? "," : " of rows");
    if (const std::uint64_t left_out = summary.figures.left_out)
      out += fmt::format("; {} functions left out for theirs", left_out);
    out += "\n";
  }
  if (const auto& inert = summary.figures.inert; inert.rows > 0)
    out +=
        fmt::format("\ninert operations: {:.1f} % on average, more than half in {:.1f} % of rows\n",
                    100 * inert.mean(), 100 * inert.share_over_half());
  if (!summary.figures.not_done.empty()) out += "\nchecks of rows that could not be done:\n";
  for (const auto& [what, n] : summary.figures.not_done) out += fmt::format("{:>8}  {}\n", n, what);
  const generate::CpuSeconds& cpu = summary.cpu;
  if (cpu.total > 0) {
    out += fmt::format(
        "\nprocessor time: {:.1f} s: workers {:.1f}, planning and rendering {:.1f}, checking "
        "{:.1f}, "
        "selecting and storing {:.1f}\n{} redone by the plain route\n",
        cpu.total, cpu.workers, cpu.plan, cpu.check, cpu.store, summary.figures.redone);
  }
  return out;
}

}  // namespace jaxsmith::cli
