#include "base/lines.h"

#include <fmt/format.h>

#include <utility>

namespace jaxsmith {

LineReader::LineReader(std::istream& in, std::string name, std::size_t most)
    : in_(in), name_(std::move(name)), most_(most), piece_(std::size_t{1} << 16) {}

Result<bool> LineReader::next(std::string& line) {
  line.clear();
  ++number_;
  for (;;) {
    in_.getline(piece_.data(), static_cast<std::streamsize>(piece_.size()));
    const auto count = static_cast<std::size_t>(in_.gcount());
    if (in_.bad()) return false;
    const bool ended = in_.good();  // the end of the line was met, and is counted
    line.append(piece_.data(), ended ? count - 1 : count);
    if (line.size() > most_)
      return Error::usage(
          fmt::format("{}:{}: the line has more than {} bytes, the most that one "
                      "may have",
                      name_, number_, most_));
    if (ended) return true;
    if (in_.eof()) return count > 0 || !line.empty();
    in_.clear();  // the piece is full
  }
}

Result<std::optional<std::string>> LineBuffer::next() {
  const std::size_t end = bytes_.find('\n', looked_);
  if (end == std::string::npos) {
    // What has been given goes all at once: a line at a time would move the rest again and again.
    bytes_.erase(0, used_);
    used_ = 0;
    looked_ = bytes_.size();
    if (bytes_.size() <= most_) return std::optional<std::string>();
    return Error::environment(
        fmt::format("a line has more than {} bytes, the most that one may have", most_));
  }
  std::string line = bytes_.substr(used_, end - used_);
  used_ = looked_ = end + 1;
  return std::optional<std::string>(std::move(line));
}

}  // namespace jaxsmith
