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

namespace jaxsmith {

struct Request {
  std::uint64_t chunk = 0;
  std::span<const Function> functions;
  std::set<std::size_t> skipped;  // positions that stay empty
  Route route = Route::kChunk;
  bool isolate = false;
  std::vector<std::string> levels;
};

struct Hello {
  Versions versions;
};
struct Fatal {
  std::string message;
};
struct Progress {
  std::uint64_t chunk = 0;
  std::string stage;
  std::vector<std::size_t> functions;
};
struct Answer {
  std::uint64_t chunk = 0;
  std::vector<Outcome> outcomes;
};
using Message = std::variant<Hello, Fatal, Progress, Answer>;

// Spans of a level: [[line, kind, [[line, column, end line, end column], …], reason], …]. Throws
// where they are anything else.
std::vector<Span> spans_of(const nlohmann::json& json);

// A whole frame, length included.
std::string encode(const Request& request);

// Cuts frames out of a stream of bytes.
class FrameReader {
 public:
  std::string& buffer() { return buffer_; }
  // The next complete message, nothing where more bytes are needed, an error where the bytes are
  // none of ours.
  Result<std::optional<Message>> next();

 private:
  std::string buffer_;
};

}  // namespace jaxsmith
