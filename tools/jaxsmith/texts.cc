#include "jaxsmith/texts.h"
#include "jaxsmith/output.h"

#include <fmt/format.h>
#include <string.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <memory>

#include "base/files.h"
#include "base/text.h"
#include "check/self_check.h"
#include "ir/common/diagnostic.h"
#include "store/files.h"

namespace jaxsmith::cli {

using check::IrProgram;

namespace {

// No more than a reader takes: a device may have no end.
Result<std::string> read_all(const std::string& path) {
  const bool standard = path == "-";
  if (const auto why = standard ? std::nullopt : why_unreadable(path))
    return Error::usage(fmt::format("{}: {}", path, *why));
  const std::unique_ptr<std::FILE, int (*)(std::FILE*)> file(
      standard ? stdin : std::fopen(path.c_str(), "rbe"),
      standard ? [](std::FILE*) { return 0; } : std::fclose);
  if (!file) return Error::usage(fmt::format("{}: it cannot be read: {}", path, strerror(errno)));
  const std::string name = standard ? "standard input" : path;
  const auto most = static_cast<std::size_t>(ir::Limits().text_bytes);
  std::string out;
  std::vector<char> piece(1 << 20);
  while (const std::size_t count = std::fread(piece.data(), 1, piece.size(), file.get())) {
    if (out.size() + count > most)
      return Error::usage(fmt::format(
          "{}: it holds more than {} bytes, the most that a text may have", name, most));
    out.append(piece.data(), count);
  }
  if (std::ferror(file.get()))
    return Error::environment(
        fmt::format("{}: it cannot be read to its end: {}", name, strerror(errno)));
  return out;
}

bool blank(std::string_view text) {
  while (!text.empty()) {
    const std::size_t end = std::min(text.find('\n'), text.size());
    const std::string_view line = text.substr(0, end);
    const std::size_t at = line.find_first_not_of(" \t\r");
    if (at != line.npos && !line.substr(at).starts_with("//")) return false;
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return true;
}

// What a check of one module comes to, for a line on a terminal.
struct PartOutcome {
  bool good = false;
  std::string text;
  check::Reading reading = {};  // but for its reason, which is the text
  bool has_case = false;        // it takes nothing, and so is run
};

// `out`: of a program that holds so far.
void run_checks(IrProgram& program, const tensor::Budget& budget, PartOutcome& out) {
  const auto end = [&](bool good, std::string text) {
    out.good = out.reading.agrees = good;
    out.text = std::move(text);
  };
  if (!program.row().executes) return end(true, "jaxsmith does not execute it");
  const auto signature = program.signature();
  out.has_case = !signature.ok() || signature.value().arguments.empty();
  if (!signature.ok()) return end(false, signature.error().message);
  if (!out.has_case)
    return end(true, fmt::format("takes {}, so it was not run (jaxsmith eval runs it on --input)",
                                 counted(signature.value().arguments.size(), "argument")));
  const check::SelfCheck checks = check::run_own_checks(program, budget);
  if (!checks.error.empty()) return end(false, checks.error);
  out.reading.executed = true;
  if (!checks.failed.empty())
    return end(false, fmt::format("a check failed: {} ({} of {} checks hold)", checks.failed,
                                  checks.made - checks.failures, checks.made));
  if (checks.made == 0) return end(true, "ran; it checks nothing");
  end(true, fmt::format("ran{}, {} hold{}", checks.how.empty() ? "" : " " + checks.how,
                        counted(checks.made, "check"), checks.made == 1 ? "s" : ""));
}

// Other forms than JAX's are read too: then what is printed must mean the same and stay as it is.
PartOutcome check_printing(const IrProgram& program, std::string_view text,
                           const std::string& name) {
  if (!program.row().prints) return {true, "jaxsmith does not print it"};
  const std::string printed = program.print();
  const std::size_t start = std::min(text.find_first_not_of('\n'), text.size());
  if (printed == text.substr(start)) return {true, "printed back byte for byte"};
  const auto again = IrProgram::parse(program.level(), printed, name + ", printed");
  if (!again.ok()) return {false, "what is printed cannot be read again: " + again.error().message};
  if (again.value().print() != printed) return {false, "it is printed differently each time"};
  return {true, "printed in JAX's form"};
}

PartOutcome check_program(IrProgram& program, std::string_view text, const std::string& name,
                          const tensor::Budget& budget) {
  const PartOutcome printing = check_printing(program, text, name);
  PartOutcome out = printing;
  out.reading.parsed = true;
  if (!out.good) return out;
  out.reading.printed_back = program.row().prints;
  if (const Status verified = program.verify(); !verified.ok()) {
    out.good = false;
    out.text = verified.error().message;
    return out;
  }
  out.reading.verified = program.row().verifies;
  run_checks(program, budget, out);
  if (out.good)
    out.text = fmt::format("{}, {}, {}, {}", level::name_of(program.level()),
                           program.row().verifies ? "verified" : "parsed", printing.text, out.text);
  return out;
}

// Of a module that has others within it, all.
PartOutcome check_part(const TextPart& part, const std::string& name,
                       const tensor::Budget& budget) {
  auto parsed = IrProgram::parse_all(part.level, part.text, name);
  if (!parsed.ok()) return {false, parsed.error().message};
  PartOutcome out;
  for (IrProgram& program : parsed.value()) {
    PartOutcome one = check_program(program, part.text, name, budget);
    if (!one.good) return one;
    one.has_case |= out.has_case;
    one.reading.executed |= out.reading.executed;
    if (!out.text.empty()) one.text = out.text + "; " + one.text;
    out = std::move(one);
  }
  return out;
}

}  // namespace

bool is_dataset(const std::string& path) {
  std::error_code error;
  return std::filesystem::is_directory(path, error) || store::is_parquet(path);
}

std::vector<std::string> level_words() {
  const auto names = level::level_names();
  return {names.begin(), names.end()};
}

Result<std::vector<TextPart>> read_parts(const std::string& path,
                                         const std::vector<std::string>& levels) {
  JAXSMITH_TRY(all, read_all(path));
  if (all.starts_with(store::kParquetBeginning))
    return Error::usage(
        fmt::format("{}: it is Parquet, which holds rows; check and score read it "
                    "from a file, not from a pipe",
                    path));
  std::vector<TextPart> out;
  std::size_t lines = 0;
  for (std::size_t at = 0; at <= all.size();) {
    std::size_t end = at;
    while (end < all.size() && !std::string_view(all).substr(end).starts_with("// -----")) {
      end = all.find('\n', end);
      end = end == std::string::npos ? all.size() : end + 1;
    }
    const std::string body = all.substr(at, end - at);
    if (!blank(body)) {
      const auto level =
          levels.empty() ? level::level_of_text(body, path) : level::find_level(levels[0]);
      if (!level)
        return Error::usage(
            fmt::format("{}:{}: this is no {} by its first words; --level says which", path,
                        lines + 1, level::kinds_of_text()));
      out.push_back({*level, std::string(lines, '\n') + body});
    }
    lines += static_cast<std::size_t>(std::count(body.begin(), body.end(), '\n'));
    if (end >= all.size()) break;
    const std::size_t next = all.find('\n', end);
    ++lines;
    at = next == std::string::npos ? all.size() + 1 : next + 1;
  }
  if (out.empty()) return Error::usage(fmt::format("{}: it holds no module", path));
  return out;
}

Result<bool> check_file(const std::string& path, const tensor::Budget& budget,
                        const std::vector<std::string>& levels, check::ReadingTally& found) {
  JAXSMITH_TRY(parts, read_parts(path, levels));
  const std::string name = path == "-" ? "standard input" : path;
  bool good = true;
  for (std::size_t i = 0; i < parts.size(); ++i) {
    PartOutcome outcome = check_part(parts[i], name, budget);
    good = good && outcome.good;
    const std::string number = parts.size() > 1 ? fmt::format(", module {}", i + 1) : "";
    if (outcome.good)
      say("{}{}: {}\n", name, number, outcome.text);
    else if (outcome.text.starts_with(name))
      tell("{}\n", outcome.text);
    else
      tell("{}{}: {}\n", name, number, outcome.text);
    if (!outcome.good) outcome.reading.reason = std::move(outcome.text);
    found.add(name + number, parts[i].level, outcome.reading, outcome.has_case);
  }
  return good;
}

}  // namespace jaxsmith::cli
