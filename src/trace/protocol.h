// Messages between supervisor and worker: docs/protocol.md.
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <variant>
#include <vector>

#include "base/status.h"
#include "source/function.h"
#include "trace/outcome.h"

namespace jaxsmith::trace {

// More than the outcome of one function takes, unless somebody says otherwise.
inline constexpr std::size_t kMostOutcomeBytes = std::size_t{1} << 30;

struct Request {
  std::uint64_t chunk = 0;
  std::span<const source::Function> functions;
  std::set<std::size_t> skipped;  // positions that stay empty
  Route route = Route::kChunk;
  bool isolate = false;
  std::vector<level::Level> levels;
  std::size_t most_outcome_bytes = kMostOutcomeBytes;  // larger ones are refused, each by itself
};

struct Hello {
  Versions versions;
};
struct Fatal {
  std::string message;
};
struct Progress {
  std::uint64_t chunk = 0;
  Stage stage = Stage::kExec;
  std::vector<std::size_t> functions;
};
// What became of one function.
struct Answer {
  std::uint64_t chunk = 0;
  std::size_t function = 0;  // its position
  Outcome outcome;
};
// All functions have been answered.
struct Done {
  std::uint64_t chunk = 0;
};
using Message = std::variant<Hello, Fatal, Progress, Answer, Done>;

// Spans of a level: [[line, kind, [[line, column, end line, end column], …], reason], …]. Throws
// where they are anything else.
std::vector<Span> spans_of(const nlohmann::json& json);

// The level of a name. Throws where there is none.
level::Level known_level(std::string_view name);

// A whole frame, length included.
std::string encode(const Request& request);

// Cuts frames out of a stream of bytes. The bytes may be anything: what comes out is complete, in
// range and valid text, or an error. A length is looked at before there is memory for so much.
class FrameReader {
 public:
  explicit FrameReader(std::size_t most_outcome_bytes = kMostOutcomeBytes);
  // Where received bytes are appended.
  std::string& buffer() { return buffer_; }
  // The next complete message, nothing where more bytes are needed, an error where the bytes are
  // none of ours.
  Result<std::optional<Message>> next();

 private:
  std::size_t most_;
  std::string buffer_;
  std::size_t used_ = 0;  // bytes at the front that have been read
};

}  // namespace jaxsmith::trace
