#include "trace/protocol.h"

#include <algorithm>
#include <cstring>
#include <limits>
#include <stdexcept>

#include "base/json.h"
#include "tensor/from_bytes.h"
#include "tensor/sizes.h"

namespace jaxsmith::trace {

using tensor::Tensor;

namespace {

using json::kMostPosition, json::line, json::list, json::of_word, json::real, json::table,
    json::text, json::truth, json::whole, json::word;
using Json = json::Value;

// What a frame holds beside the texts and arrays of an outcome.
constexpr std::size_t kFrameOverhead = std::size_t{1} << 16;
constexpr std::size_t kMostRank = 64;
constexpr std::int64_t kMostBytes = std::int64_t{1}
                                    << 32;  // of any array, also an empty one's other sizes

Json to_json(const Tensor& t) {
  return {{"dtype", tensor::jaxpr_name(t.dtype)},
          {"shape", t.shape},
          {"data", Json::binary(std::vector<std::uint8_t>(t.bytes.begin(), t.bytes.end()))}};
}

Tensor to_tensor(const Json& j) {
  const auto dtype = tensor::dtype_from_jaxpr_name(text(j.at("dtype")));
  if (!dtype) throw std::runtime_error("unknown dtype");
  if (list(j.at("shape")).size() > kMostRank)
    throw std::runtime_error("an array's rank is too high");
  tensor::Shape shape;
  for (const Json& each : j.at("shape")) shape.push_back(static_cast<std::int64_t>(whole(each)));
  // Of the sizes that are not 0, so that a product of all of them is in range in any order.
  tensor::Shape filled = shape;
  std::replace(filled.begin(), filled.end(), std::int64_t{0}, std::int64_t{1});
  const auto bytes = tensor::byte_count(*dtype, filled);
  if (!bytes || *bytes > kMostBytes) throw std::runtime_error("an array's shape is too large");
  const auto& data = j.at("data").get_binary();
  auto out = tensor::tensor_from_bytes(*dtype, std::move(shape), {data.begin(), data.end()});
  if (!out.ok()) throw std::runtime_error("an array: " + out.error().message);
  return std::move(out).value();
}

std::vector<Tensor> to_tensors(const Json& j) {
  std::vector<Tensor> out;
  for (const Json& t : list(j)) out.push_back(to_tensor(t));
  return out;
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

std::vector<Span> spans_of(const Json& j) {
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
    Json message = json::parse_message_pack({begin, size});
    return std::optional<Message>(to_message(message));
  } catch (const std::exception& e) {
    return Error::environment(std::string("a worker's answer cannot be read: ") + e.what());
  }
}

}  // namespace jaxsmith::trace
