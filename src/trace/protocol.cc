#include "trace/protocol.h"

#include <cstring>
#include <nlohmann/json.hpp>

namespace jaxsmith {
namespace {

using Json = nlohmann::json;

// More than any chunk gives; a length beyond it is not a length.
constexpr std::uint32_t kMaxFrame = 1u << 30;

Json to_json(const Tensor& t) {
  return {{"dtype", jaxpr_name(t.dtype)},
          {"shape", t.shape},
          {"data", Json::binary(std::vector<std::uint8_t>(t.bytes.begin(), t.bytes.end()))}};
}

Tensor to_tensor(const Json& j) {
  Tensor t;
  const auto dtype = dtype_from_jaxpr_name(j.at("dtype").get_ref<const std::string&>());
  if (!dtype) throw std::runtime_error("unknown dtype");
  t.dtype = *dtype;
  t.shape = j.at("shape").get<Shape>();
  const auto& data = j.at("data").get_binary();
  t.bytes.assign(data.begin(), data.end());
  if (t.bytes.size() != byte_size(t.dtype) * static_cast<std::size_t>(element_count(t.shape))) {
    throw std::runtime_error("an array's bytes do not fit its shape");
  }
  return t;
}

std::vector<Tensor> to_tensors(const Json& j) {
  std::vector<Tensor> out;
  for (const Json& t : j) out.push_back(to_tensor(t));
  return out;
}

Json to_json(const Function& f) {
  Json inputs = Json::array();
  for (const auto& set : f.inputs) {
    Json arrays = Json::array();
    for (const Tensor& t : set) arrays.push_back(to_json(t));
    inputs.push_back(std::move(arrays));
  }
  Json out = {{"source", f.source},
              {"entry", f.entry},
              {"x64", f.runtime.x64},
              {"devices", f.runtime.devices},
              {"inputs", std::move(inputs)}};
  if (!f.texts.empty()) {
    out["texts"] = f.texts;
    out["kept"] = f.kept;
    out["run"] = f.runs;
  }
  return out;
}

Outcome to_outcome(Json& j) {
  Outcome out;
  out.ok = j.at("ok").get<bool>();
  if (!out.ok) {
    out.refusal = {j.at("stage").get<std::string>(), j.at("reason").get<std::string>(),
                   j.at("detail").get<std::string>()};
    return out;
  }
  for (auto& [level, text] : j.at("levels").items())
    out.levels[level] = std::move(text.get_ref<std::string&>());
  for (const auto& [level, spans] : j.at("spans").items()) out.spans[level] = spans_of(spans);
  out.constants = to_tensors(j.at("constants"));
  out.outputs = to_tensors(j.at("outputs"));
  out.result_paths = j.at("result_paths").get<std::vector<std::string>>();
  out.flops = j.at("flops").get<double>();
  out.bytes_accessed = j.at("bytes_accessed").get<double>();
  out.argument_matters = j.at("argument_matters").get<std::vector<bool>>();
  out.stable = j.at("stable").get<bool>();
  return out;
}

Message to_message(Json& j) {
  const std::string type = j.at("type").get<std::string>();
  if (type == "hello") {
    const Json& v = j.at("versions");
    return Hello{
        {v.at("python"), v.at("jax"), v.at("jaxlib"), v.at("numpy"), j.at("run_options").dump()}};
  }
  if (type == "fatal") return Fatal{j.at("message")};
  if (type == "progress")
    return Progress{j.at("chunk"), j.at("stage"),
                    j.at("functions").get<std::vector<std::size_t>>()};
  if (type != "result") throw std::runtime_error("unknown message " + type);
  Answer answer{j.at("chunk"), {}};
  for (Json& f : j.at("functions")) answer.outcomes.push_back(to_outcome(f));
  return answer;
}

}  // namespace

namespace {

const char* route_name(Route route) {
  switch (route) {
    case Route::kChunk:
      return "chunk";
    case Route::kPlain:
      return "plain";
    case Route::kText:
      return "text";
  }
  return "";
}

}  // namespace

std::vector<Span> spans_of(const nlohmann::json& j) {
  std::vector<Span> out;
  for (const Json& each : j) {
    Span span{each.at(0), each.at(1), {}, each.at(3)};
    for (const Json& r : each.at(2)) span.sources.push_back({r.at(0), r.at(1), r.at(2), r.at(3)});
    out.push_back(std::move(span));
  }
  return out;
}

std::string encode(const Request& r) {
  Json functions = Json::array();
  for (std::size_t i = 0; i < r.functions.size(); ++i) {
    functions.push_back(r.skipped.contains(i) ? Json{{"skip", true}} : to_json(r.functions[i]));
  }
  const Json message = {
      {"type", "chunk"},      {"chunk", r.chunk},   {"route", route_name(r.route)},
      {"isolate", r.isolate}, {"levels", r.levels}, {"functions", std::move(functions)}};
  std::string frame(4, '\0');
  nlohmann::detail::output_adapter<char> sink(frame);
  Json::to_msgpack(message, sink);
  const auto size = static_cast<std::uint32_t>(frame.size() - 4);
  std::memcpy(frame.data(), &size, 4);  // little-endian, as every machine that JAX runs on
  return frame;
}

Result<std::optional<Message>> FrameReader::next() {
  if (buffer_.size() < 4) return std::optional<Message>();
  std::uint32_t size;
  std::memcpy(&size, buffer_.data(), 4);
  if (size > kMaxFrame)
    return Error::environment("a worker's answer is longer than an answer can be");
  if (buffer_.size() < 4 + std::size_t{size}) return std::optional<Message>();
  try {
    Json message = Json::from_msgpack(buffer_.begin() + 4, buffer_.begin() + 4 + size);
    buffer_.erase(0, 4 + std::size_t{size});
    return std::optional<Message>(to_message(message));
  } catch (const std::exception& e) {
    return Error::environment(std::string("a worker's answer cannot be read: ") + e.what());
  }
}

}  // namespace jaxsmith
