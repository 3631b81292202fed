#include "trace/protocol.h"

#include <arrow/util/utf8.h>

#include <algorithm>
#include <cstring>
#include <limits>
#include <nlohmann/json.hpp>

namespace jaxsmith::trace {

using tensor::Tensor;

namespace {

using Json = nlohmann::json;

// What a frame holds beside the texts and arrays of an outcome.
constexpr std::size_t kFrameOverhead = std::size_t{1} << 16;
// A message's values take some thirty times their bytes in memory, and reading them goes as deep as
// they are nested: docs/protocol.md.
constexpr std::size_t kMostValues = std::size_t{1} << 24;
constexpr std::size_t kMostDepth = 16;
constexpr std::size_t kMostWordBytes = 128;   // of stages, reasons, versions
constexpr std::size_t kMostLineBytes = 4096;  // of what a person reads
constexpr std::size_t kMostRank = 64;
constexpr std::uint64_t kMostBytes = std::uint64_t{1}
                                     << 32;  // of any array, also an empty one's other sizes
constexpr std::uint64_t kMostPosition = std::numeric_limits<std::int32_t>::max();

// nlohmann's own builder, which takes no more than a message may hold.
class Reader : public nlohmann::detail::json_sax_dom_parser<Json> {
 public:
  using Base = nlohmann::detail::json_sax_dom_parser<Json>;
  using Base::Base;
  bool null() { return count() && Base::null(); }
  bool boolean(bool v) { return count() && Base::boolean(v); }
  bool number_integer(number_integer_t v) { return count() && Base::number_integer(v); }
  bool number_unsigned(number_unsigned_t v) { return count() && Base::number_unsigned(v); }
  bool number_float(number_float_t v, const string_t& text) {
    return count() && Base::number_float(v, text);
  }
  bool string(string_t& v) { return count() && Base::string(v); }
  bool binary(binary_t& v) { return count() && Base::binary(v); }
  bool start_object(std::size_t n) { return enter() && Base::start_object(n); }
  bool end_object() { return leave() && Base::end_object(); }
  bool start_array(std::size_t n) { return enter() && Base::start_array(n); }
  bool end_array() { return leave() && Base::end_array(); }
  bool key(string_t& v) { return count() && Base::key(v); }

 private:
  bool count() {
    if (++values_ > kMostValues) throw std::runtime_error("it holds too many values");
    return true;
  }
  bool enter() {
    if (++depth_ > kMostDepth) throw std::runtime_error("it is nested too deeply");
    return count();
  }
  bool leave() {
    --depth_;
    return true;
  }
  std::size_t values_ = 0, depth_ = 0;
};

// ---- Members of a message: each throws where the value is not what it has to be ----

// A whole number in [0, most]. (get<std::size_t>() would take any number, bools too.)
std::uint64_t whole(const Json& j, std::uint64_t most = kMostPosition) {
  if (!j.is_number_integer() || (!j.is_number_unsigned() && j.get<std::int64_t>() < 0) ||
      j.get<std::uint64_t>() > most)
    throw std::runtime_error("a number is out of range");
  return j.get<std::uint64_t>();
}

double real(const Json& j) {
  if (!j.is_number()) throw std::runtime_error("a number is missing");
  return j.get<double>();
}

bool truth(const Json& j) {
  if (!j.is_boolean()) throw std::runtime_error("a yes or no is missing");
  return j.get<bool>();
}

const Json& list(const Json& j) {
  if (!j.is_array()) throw std::runtime_error("a list is missing");
  return j;
}

const Json& table(const Json& j) {
  if (!j.is_object()) throw std::runtime_error("a table is missing");
  return j;
}

const std::string& text(const Json& j) {
  const std::string& s = j.get_ref<const std::string&>();
  if (!arrow::util::ValidateUTF8(s)) throw std::runtime_error("a text is not UTF-8");
  return s;
}

// One line for a person.
std::string line(const Json& j, std::size_t most = kMostLineBytes) {
  const std::string& s = text(j);
  const auto control = [](char c) { return static_cast<unsigned char>(c) < 32 || c == 127; };
  if (s.size() > most || std::any_of(s.begin(), s.end(), control))
    throw std::runtime_error("a line is too long or is several");
  return s;
}

std::string word(const Json& j) { return line(j, kMostWordBytes); }

Json to_json(const Tensor& t) {
  return {{"dtype", tensor::jaxpr_name(t.dtype)},
          {"shape", t.shape},
          {"data", Json::binary(std::vector<std::uint8_t>(t.bytes.begin(), t.bytes.end()))}};
}

Tensor to_tensor(const Json& j) {
  Tensor t;
  const auto dtype = tensor::dtype_from_jaxpr_name(text(j.at("dtype")));
  if (!dtype) throw std::runtime_error("unknown dtype");
  t.dtype = *dtype;
  const auto& data = j.at("data").get_binary();
  if (list(j.at("shape")).size() > kMostRank)
    throw std::runtime_error("an array's rank is too high");
  // Of the sizes that are not 0, so that a product of all of them is in range in any order.
  std::uint64_t bytes = tensor::byte_size(t.dtype);
  bool empty = false;
  for (const Json& each : j.at("shape")) {
    const std::uint64_t size = whole(each);
    t.shape.push_back(static_cast<std::int64_t>(size));
    empty = empty || size == 0;
    bytes *= std::max<std::uint64_t>(size, 1);  // below 2^32 * 2^31
    if (bytes > kMostBytes) throw std::runtime_error("an array's shape is too large");
  }
  if (data.size() != (empty ? 0 : bytes))
    throw std::runtime_error("an array's bytes do not fit its shape");
  t.bytes.assign(data.begin(), data.end());
  return t;
}

std::vector<Tensor> to_tensors(const Json& j) {
  std::vector<Tensor> out;
  for (const Json& t : list(j)) out.push_back(to_tensor(t));
  return out;
}

template <class E>
E of_word(const Json& j) {
  const std::string text = word(j);
  if (const auto value = from_word<E>(text)) return *value;
  throw std::runtime_error("an unknown word: " + text);
}

Json to_json(const source::Function& f) {
  Json inputs = Json::array();
  for (const auto& set : f.inputs) {
    Json arrays = Json::array();
    for (const Tensor& t : set) arrays.push_back(to_json(t));
    inputs.push_back(std::move(arrays));
  }
  Json out = {{"source", f.source},
              {"entry", f.entry},
              {"argument_tree", f.argument_tree},
              {"x64", f.runtime.x64},
              {"devices", f.runtime.devices},
              {"inputs", std::move(inputs)},
              {"cases", f.cases}};
  if (!f.texts.empty()) {
    for (const auto& [level, text] : f.texts) out["texts"][level::name_of(level)] = text;
    out["kept"] = f.kept;
    out["run"] = f.runs;
  }
  return out;
}

Outcome to_outcome(Json& j) {
  Outcome out;
  out.ok = truth(j.at("ok"));
  if (!out.ok) {
    out.refusal = {of_word<Stage>(j.at("stage")), word(j.at("reason")), line(j.at("detail"))};
    return out;
  }
  table(j.at("levels"));
  for (auto& [level, content] : j.at("levels").items()) {
    text(content);
    out.levels[known_level(level)] = std::move(content.get_ref<std::string&>());
  }
  for (const auto& [level, spans] : table(j.at("spans")).items())
    out.spans[known_level(level)] = spans_of(spans);
  out.constants = to_tensors(j.at("constants"));
  out.outputs = to_tensors(j.at("outputs"));
  for (const Json& path : list(j.at("result_paths"))) out.result_paths.push_back(text(path));
  out.flops = real(j.at("flops"));
  out.bytes_accessed = real(j.at("bytes_accessed"));
  for (const Json& matters : list(j.at("argument_matters")))
    out.argument_matters.push_back(truth(matters));
  out.stable = truth(j.at("stable"));
  out.recorded = static_cast<std::uint16_t>(
      whole(j.at("recorded"), std::numeric_limits<std::uint16_t>::max()));
  for (const Json& each : list(j.at("cases")))
    out.cases.push_back({whole(table(each).at("set")), to_tensors(each.at("outputs"))});
  return out;
}

constexpr std::uint64_t kAnyChunk = std::numeric_limits<std::uint64_t>::max();

Message to_message(Json& j) {
  const std::string type = word(j.at("type"));
  if (type == "hello") {
    const Json& v = j.at("versions");
    return Hello{{word(v.at("python")), word(v.at("jax")), word(v.at("jaxlib")),
                  word(v.at("numpy")), table(j.at("run_options")).dump()}};
  }
  if (type == "fatal") return Fatal{line(j.at("message"))};
  const std::uint64_t chunk = whole(j.at("chunk"), kAnyChunk);
  if (type == "progress") {
    Progress progress{chunk, of_word<Stage>(j.at("stage")), {}};
    for (const Json& position : list(j.at("functions")))
      progress.functions.push_back(whole(position));
    return progress;
  }
  if (type == "outcome") return Answer{chunk, whole(j.at("function")), to_outcome(j.at("outcome"))};
  if (type == "result") return Done{chunk};
  throw std::runtime_error("unknown message " + type);
}

}  // namespace

std::vector<Span> spans_of(const nlohmann::json& j) {
  const auto number = [](const Json& n) { return static_cast<std::int64_t>(whole(n)); };
  std::vector<Span> out;
  for (const Json& each : list(j)) {
    Span span{number(list(each).at(0)), of_word<SpanKind>(each.at(1)), {}, line(each.at(3))};
    for (const Json& r : list(each.at(2)))
      span.sources.push_back(
          {number(list(r).at(0)), number(r.at(1)), number(r.at(2)), number(r.at(3))});
    out.push_back(std::move(span));
  }
  return out;
}

level::Level known_level(std::string_view name) {
  if (const auto level = level::find_level(name)) return *level;
  throw std::runtime_error("unknown level " + std::string(name));
}

std::string encode(const Request& r) {
  Json functions = Json::array();
  for (std::size_t i = 0; i < r.functions.size(); ++i) {
    functions.push_back(r.skipped.contains(i) ? Json{{"skip", true}} : to_json(r.functions[i]));
  }
  Json levels = Json::array();
  for (const level::Level level : r.levels) levels.push_back(level::name_of(level));
  const Json message = {{"type", "chunk"},
                        {"chunk", r.chunk},
                        {"route", jaxsmith::word(r.route)},
                        {"isolate", r.isolate},
                        {"levels", std::move(levels)},
                        {"most_bytes", r.most_outcome_bytes},
                        {"functions", std::move(functions)}};
  std::string frame(4, '\0');
  nlohmann::detail::output_adapter<char> sink(frame);
  Json::to_msgpack(message, sink);
  const auto size = static_cast<std::uint32_t>(frame.size() - 4);
  std::memcpy(frame.data(), &size, 4);  // little-endian, as every machine that JAX runs on
  return frame;
}

FrameReader::FrameReader(std::size_t most_outcome_bytes)
    : most_(most_outcome_bytes + kFrameOverhead) {}

Result<std::optional<Message>> FrameReader::next() {
  const std::size_t there = buffer_.size() - used_;
  std::uint32_t size = 0;
  if (there >= 4) std::memcpy(&size, buffer_.data() + used_, 4);
  if (size > most_) return Error::environment("a worker's answer is longer than an answer can be");
  if (there < 4 || there < 4 + std::size_t{size}) {
    // What has been read goes all at once: a frame at a time would move the rest again and again.
    buffer_.erase(0, used_);
    used_ = 0;
    return std::optional<Message>();
  }
  const char* begin = buffer_.data() + used_ + 4;
  used_ += 4 + std::size_t{size};
  try {
    Json message;
    Reader reader(message);
    if (!Json::sax_parse(begin, begin + size, &reader, Json::input_format_t::msgpack))
      return Error::environment("a worker's answer is no MessagePack");
    return std::optional<Message>(to_message(message));
  } catch (const std::exception& e) {
    return Error::environment(std::string("a worker's answer cannot be read: ") + e.what());
  }
}

}  // namespace jaxsmith::trace
