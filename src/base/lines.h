// Lines of bytes that may have no end: a line is as long as it may be, or an error that names it.
//
//   LineReader lines(file, path);
//   for (std::string line;;) {
//     JAXSMITH_TRY(more, lines.next(line));
//     if (!more) break;                       // lines.number() is that of `line`, from 1
//     …
//   }
#pragma once

#include <cstddef>
#include <cstdint>
#include <istream>
#include <optional>
#include <string>
#include <vector>

#include "base/status.h"

namespace jaxsmith {

inline constexpr std::size_t kMostLineBytes = std::size_t{256} << 20;

// Of a stream, such as a file or a pipe. `name` is what errors call it.
class LineReader {
 public:
  LineReader(std::istream& in, std::string name, std::size_t most = kMostLineBytes);
  // The next line, without its end; false where there is none, or where the stream is bad. A
  // usage error where the line has more than `most` bytes.
  Result<bool> next(std::string& line);
  std::int64_t number() const { return number_; }

 private:
  std::istream& in_;
  const std::string name_;
  const std::size_t most_;
  std::vector<char> piece_;
  std::int64_t number_ = 0;
};

// Of bytes that come in pieces from another process.
class LineBuffer {
 public:
  explicit LineBuffer(std::size_t most = std::size_t{1} << 30) : most_(most) {}
  // Where received bytes are appended.
  std::string& bytes() { return bytes_; }
  // The next line that is whole, without its end; nothing where more bytes are needed. An
  // environment error where more than `most` bytes have come without an end.
  Result<std::optional<std::string>> next();

 private:
  const std::size_t most_;
  std::string bytes_;
  std::size_t used_ = 0;    // bytes at the front that have been given
  std::size_t looked_ = 0;  // bytes at the front that have no end of a line behind `used_`
};

}  // namespace jaxsmith
