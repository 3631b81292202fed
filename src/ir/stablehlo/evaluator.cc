#include "ir/stablehlo/evaluator.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>

#include "base/word_list.h"
#include "ir/common/frame.h"
#include "ir/stablehlo/dense.h"
#include "ir/stablehlo/quantized.h"

namespace jaxsmith::stablehlo {
namespace {

constexpr std::size_t kMostKept = 1'000'000;  // values of functions that call themselves

std::string type_text(const Datum& d) {
  if (d.kind == Datum::Kind::kToken) return "a token";
  if (d.kind == Datum::Kind::kTuple) return fmt::format("a tuple of {}", d.parts.size());
  std::string out = "tensor<";
  for (const std::int64_t n : d.kind == Datum::Kind::kUnsized ? d.open_shape : d.array.shape())
    out += n == kDynamic ? "?x" : fmt::format("{}x", n);
  return out + std::string(mlir_name(d.array.dtype())) + ">";
}

bool has_type(const Datum& d, const Type& type) {
  switch (type.kind) {
    case Type::Kind::kTensor: {
      const bool unsized = d.kind == Datum::Kind::kUnsized;
      const Shape& shape = unsized ? d.open_shape : d.array.shape();
      if ((d.kind != Datum::Kind::kArray && !unsized) || !type.dtype ||
          d.array.dtype() != *type.dtype || shape.size() != type.shape.size())
        return false;
      for (std::size_t i = 0; i < type.shape.size(); ++i)
        if (type.shape[i] != kDynamic && shape[i] != kDynamic && type.shape[i] != shape[i])
          return false;
      return true;
    }
    case Type::Kind::kTuple:
      if (d.kind != Datum::Kind::kTuple || d.parts.size() != type.parts.size()) return false;
      for (std::size_t i = 0; i < d.parts.size(); ++i)
        if (!has_type(d.parts[i], *type.parts[i])) return false;
      return true;
    default:
      return d.kind == Datum::Kind::kToken;
  }
}

std::string_view class_name(DType dtype) {
  switch (tensor::dtype_class(dtype)) {
    case tensor::DTypeClass::kBoolean:
      return "bool";
    case tensor::DTypeClass::kSigned:
      return "signed";
    case tensor::DTypeClass::kUnsigned:
      return "unsigned";
    case tensor::DTypeClass::kReal:
      return "real";
    default:
      return "complex";
  }
}

// Names of attributes that others than their operation's dialect have added say whose they are, but
// for `own`, which its operation has itself.
void check_prefixes(const std::vector<NamedAttr>& attrs, std::string_view whose,
                    std::string_view own = {}) {
  for (const NamedAttr& a : attrs)
    if (a.name.find('.') == std::string::npos && a.name != own)
      invalid(fmt::format("attribute {} of {} has no dialect before it, as in jax.{}", a.name,
                          whose, a.name));
}

// Dimensions, of all that the type is made of.
std::size_t dims_of(const Type& type) {
  std::size_t dims = type.shape.size();
  for (const Type* part : type.parts) dims += 1 + dims_of(*part);
  return dims;
}

}  // namespace

Evaluator::Evaluator(const Module& module, std::string_view text, std::string_view file)
    : m_(module), text_(text), file_(file), values_(module.values.size()) {
  for (const Function& f : module.functions) functions_.emplace(f.name, &f);
  open_types_ = std::any_of(module.types.begin(), module.types.end(), [](const Type& t) {
    return t.kind == Type::Kind::kTensor && !t.is_static();
  });
  quantized_ = std::any_of(module.types.begin(), module.types.end(),
                           [](const Type& t) { return t.quantized != nullptr; });
}

Error Evaluator::error_of(const tensor::EvaluationError& e) const {
  if (text_.empty()) return Error::environment(fmt::format("{}: {}", file_, e.message));
  return ir::refused_at(text_, file_, at_, e.message);
}

Datum Evaluator::abstract_of(const Type& type) const {
  if (type.kind == Type::Kind::kTensor) {
    if (!type.dtype || !type.encoding.empty()) tensor::unsupported("values of type " + type.text());
    if (!type.is_static()) return Datum::unsized(*type.dtype, type.shape);
    return type.abstract();
  }
  if (type.kind == Type::Kind::kTuple) {
    std::vector<Datum> parts;
    for (const Type* p : type.parts) parts.push_back(abstract_of(*p));
    return Datum::tuple(std::move(parts));
  }
  if (type.kind != Type::Kind::kToken) tensor::unsupported("values of type " + type.text());
  return {};
}

Status Evaluator::verify() {
  return verify(EvaluationContext({.budget = ir::verification_budget(text_)}));
}

Status Evaluator::verify(const EvaluationContext& context) {
  context_ = context;
  abstract_ = true;
  try {
    at_ = 0;
    if (m_.functions.empty()) invalid("the module has no function");
    check_prefixes(m_.attrs, "the module", "sym_visibility");
    for (const Function& f : m_.functions) verify_function(f);
  } catch (const tensor::EvaluationError& e) {
    abstract_ = false;
    error_ = e;
    running_.clear();
    return error_of(e);
  }
  abstract_ = false;
  return {};
}

void Evaluator::verify_function(const Function& f) {
  at_ = f.offset;
  for (const Argument& a : f.arguments) check_prefixes(a.attrs, "an argument of @" + f.name);
  for (const auto& [type, attrs] : f.results) check_prefixes(attrs, "a result of @" + f.name);
  if (f.declared_only) return;
  std::vector<Datum> arguments;
  for (const Argument& a : f.arguments) arguments.push_back(abstract_of(*m_.type_of(a.value)));
  if (f.body.ops.empty() || !ends_block(f.body.ops.back()))
    invalid("a function ends with a return");
  const auto results = run_block(f.body, std::move(arguments), false);
  at_ = f.body.ops.back().offset;
  if (results.size() != f.results.size())
    invalid(fmt::format("@{} returns {} values, not {}", f.name, results.size(), f.results.size()));
  for (std::size_t i = 0; i < results.size(); ++i)
    if (!has_type(results[i], *f.results[i].first))
      invalid(fmt::format("@{} returns {} as result {}, which is {}", f.name, type_text(results[i]),
                          i, f.results[i].first->text()));
}

Result<ir::Signature> Evaluator::signature() {
  const Function* entry = m_.entry();
  try {
    if (!entry) invalid("the module has no function to begin with");
    at_ = entry->offset;
    ir::Signature out;
    for (const Argument& a : entry->arguments)
      out.arguments.push_back(abstract_of(*m_.type_of(a.value)));
    for (const auto& [type, attributes] : entry->results) out.results.push_back(abstract_of(*type));
    return out;
  } catch (const tensor::EvaluationError& e) {
    error_ = e;
    return error_of(e);
  }
}

Result<std::vector<Datum>> Evaluator::run(std::vector<Datum> arguments,
                                          const tensor::Budget& budget) {
  return run(std::move(arguments), EvaluationContext({.budget = budget}));
}

Result<std::vector<Datum>> Evaluator::run(std::vector<Datum> arguments,
                                          const EvaluationContext& context) {
  const Function* entry = m_.entry();
  if (!entry)
    return Error::usage(fmt::format("{}: the module has no function to begin with", file_));
  return run(*entry, std::move(arguments), context);
}

Result<std::vector<Datum>> Evaluator::run(const Function& function, std::vector<Datum> arguments,
                                          const EvaluationContext& context) {
  context_ = context;
  at_ = function.offset;
  checks_made_ = 0;
  failed_checks_.clear();
  expected_.clear();
  probes_.clear();
  running_.clear();
  kept_ = 0;
  try {
    context_.spend(static_cast<std::int64_t>(values_.size()));
    for (Datum& d : arguments) d = d.within(context_);
    auto results = run_everywhere(function.name, std::move(arguments));
    for (Datum& d : results) d = d.within(EvaluationContext::unmetered());
    values_.assign(m_.values.size(), Datum());
    return results;
  } catch (const tensor::EvaluationError& e) {
    error_ = e;
    values_.assign(m_.values.size(), Datum());
    return error_of(e);
  }
}

Status Evaluator::run_checks(const EvaluationContext& context) {
  std::int64_t made = 0;
  std::vector<std::string> failed;
  for (const Function* f : m_.self_checking()) {
    JAXSMITH_CHECK(run(*f, {}, context));
    made += checks_made_;
    failed.insert(failed.end(), failed_checks_.begin(), failed_checks_.end());
  }
  checks_made_ = made;
  failed_checks_ = std::move(failed);
  return {};
}

std::vector<Datum> Evaluator::run_everywhere(std::string_view name, std::vector<Datum> arguments) {
  const auto number = [&](std::string_view key) -> std::int64_t {
    for (const NamedAttr& a : m_.attrs)
      if (a.name == key) return Call::integer_of(a.value, key);
    return 1;
  };
  const std::int64_t replicas = number("mhlo.num_replicas"),
                     partitions = number("mhlo.num_partitions");
  if (replicas == 1 && partitions == 1) return call(name, std::move(arguments));
  ir::Devices devices(replicas, partitions);
  // Arguments and results are whole on every device; what is divided among them is divided within.
  return devices.run([&](std::int64_t d) { return run_on(devices, d, name, arguments); })[0];
}

std::vector<Datum> Evaluator::run_on(ir::Devices& devices, std::int64_t device,
                                     std::string_view name, std::vector<Datum> arguments) {
  context_.spend(static_cast<std::int64_t>(values_.size()));
  Evaluator own(m_, text_, file_);
  own.devices_ = &devices;
  own.device_ = device;
  own.infeed_ = infeed_;
  own.context_ = context_;
  const auto take_over = [&] {
    at_ = own.at_;
    checks_made_ += own.checks_made_;
    failed_checks_.insert(failed_checks_.end(), own.failed_checks_.begin(),
                          own.failed_checks_.end());
  };
  try {
    auto out = own.call(name, std::move(arguments));
    take_over();
    return out;
  } catch (...) {
    take_over();
    throw;
  }
}

std::vector<Datum> Evaluator::call(std::string_view name, std::vector<Datum> arguments) {
  const auto found = functions_.find(name);
  if (found == functions_.end()) invalid(fmt::format("there is no function @{}", name));
  const Function& f = *found->second;
  if (arguments.size() != f.arguments.size())
    invalid(
        fmt::format("@{} takes {} arguments, not {}", name, f.arguments.size(), arguments.size()));
  for (std::size_t i = 0; i < arguments.size(); ++i)
    if (!has_type(arguments[i], *m_.type_of(f.arguments[i].value)))
      invalid(fmt::format("argument {} of @{} is {}, not {}", i, name,
                          m_.type_of(f.arguments[i].value)->text(), type_text(arguments[i])));
  if (abstract_) {
    std::vector<Datum> out;
    for (const auto& [type, attrs] : f.results) out.push_back(abstract_of(*type));
    return out;
  }
  if (f.declared_only) tensor::unsupported(fmt::format("@{} has no body", name));
  const ir::Nesting level(calls_, [] { tensor::unsupported("calls are nested too deeply"); });
  // A function that calls itself needs its own values afterwards.
  std::vector<std::pair<ValueId, Datum>> kept;
  const std::size_t kept_before = kept_;
  if (std::find(running_.begin(), running_.end(), name) != running_.end()) keep(f.body, kept);
  running_.push_back(found->first);
  auto out = run_block(f.body, std::move(arguments), false);
  running_.pop_back();
  for (auto& [id, value] : kept) values_[id] = std::move(value);
  kept_ = kept_before;
  return out;
}

void Evaluator::keep(const Block& block, std::vector<std::pair<ValueId, Datum>>& kept) {
  const auto add = [&](const std::vector<ValueId>& ids) {
    for (const ValueId id : ids) {
      kept.emplace_back(id, values_[id]);
      kept_ += static_cast<std::size_t>(weight(values_[id]));
    }
    if (kept_ > kMostKept) tensor::unsupported("a function calls itself with too many values");
  };
  add(block.arguments);
  for (const Op& op : block.ops) {
    context_.spend(1);
    add(op.results);
    for (const Block& region : op.regions) keep(region, kept);
  }
}

std::vector<Datum> Evaluator::run_block(const Block& block, std::vector<Datum> arguments,
                                        bool lifted) {
  if (arguments.size() != block.arguments.size())
    invalid(fmt::format("a region takes {} arguments, not {}", block.arguments.size(),
                        arguments.size()));
  std::size_t handed_in = 0;
  for (std::size_t i = 0; i < arguments.size(); ++i) {
    if (abstract_ && !has_type(arguments[i], *m_.type_of(block.arguments[i])))
      invalid(fmt::format("argument {} of a region is {}, not {}", i,
                          m_.type_of(block.arguments[i])->text(), type_text(arguments[i])));
    handed_in += static_cast<std::size_t>(weight(arguments[i]));
    values_[block.arguments[i]] = std::move(arguments[i]);
  }
  const ir::Frame frame(context_, blocks_, handed_in);
  for (const Op& op : block.ops) {
    if (ends_block(op)) {
      at_ = op.offset;
      if (&op != &block.ops.back()) invalid("operations stand behind a return");
      std::vector<Datum> out;
      for (const ValueId id : op.operands) out.push_back(values_[id]);
      return out;
    }
    auto results = run_op(op, lifted);
    for (std::size_t i = 0; i < results.size(); ++i) values_[op.results[i]] = std::move(results[i]);
  }
  invalid("a region ends with a return");
}

std::int64_t Evaluator::cost_of(const Op& op) const {
  std::size_t dims = 0;
  for (const auto* ids : {&op.operands, &op.results})
    for (const ValueId id : *ids) dims += dims_of(*m_.type_of(id));
  return ir::operation_cost(op.operands.size(), dims) + op.reading;
}

std::vector<Datum> Evaluator::run_op(const Op& op, bool lifted) {
  at_ = op.offset;
  const OpRule* rule = op.rule;
  if (!rule || !rule->rule) tensor::unknown_operation("operation", op.name);
  context_.spend(cost_of(op));
  if (abstract_ && !rule->elements.empty()) check_elements(op);
  if (abstract_ && open_types_ && is_open(op)) return declared_results(op);
  auto results = quantized_ && is_quantized(op, *rule) ? run_quantized(op, *rule, lifted)
                                                       : rule->rule(Call(*this, op, lifted));
  at_ = op.offset;
  if (results.size() != op.results.size())
    invalid(fmt::format("{} gives {} results, not {}", op.name, results.size(), op.results.size()));
  if (abstract_ || (open_types_ && !lifted)) check_result_types(op, results);
  return results;
}

// Those that compute; others move what is stored.
bool Evaluator::is_quantized(const Op& op, const OpRule& rule) const {
  if (rule.numbers == OpRule::Numbers::kMoved) return false;
  const auto quantized = [&](ValueId id) { return m_.type_of(id)->quantized != nullptr; };
  return std::any_of(op.operands.begin(), op.operands.end(), quantized) ||
         std::any_of(op.results.begin(), op.results.end(), quantized);
}

std::vector<Datum> Evaluator::run_quantized(const Op& op, const OpRule& rule, bool lifted) {
  std::vector<Datum> operands;
  for (const ValueId id : op.operands) operands.push_back(values_[id]);
  for (std::size_t i = 0; i < operands.size(); ++i)
    if (const auto& q = m_.type_of(op.operands[i])->quantized)
      operands[i] = dequantize(*q, operands[i].as_array());
  auto results = rule.rule(Call(*this, op, lifted, std::move(operands)));
  for (std::size_t i = 0; i < std::min(results.size(), op.results.size()); ++i)
    if (const auto& q = m_.type_of(op.results[i])->quantized)
      results[i] = quantize(*q, results[i].as_array());
  return results;
}

bool Evaluator::is_open(const Op& op) const {
  if (op.rule && op.rule->calls) return false;
  for (const ValueId id : op.operands)
    if (values_[id].kind == Datum::Kind::kUnsized) return true;
  for (const ValueId id : op.results) {
    const Type& t = *m_.type_of(id);
    if (t.kind == Type::Kind::kTensor && !t.is_static()) return true;
  }
  return false;
}

std::vector<Datum> Evaluator::declared_results(const Op& op) {
  for (const Block& region : op.regions) {
    std::vector<Datum> arguments;
    for (const ValueId id : region.arguments) arguments.push_back(abstract_of(*m_.type_of(id)));
    run_block(region, std::move(arguments), false);
  }
  at_ = op.offset;
  std::vector<Datum> out;
  for (const ValueId id : op.results) out.push_back(abstract_of(*m_.type_of(id)));
  return out;
}

void Evaluator::check_result_types(const Op& op, const std::vector<Datum>& results) {
  for (std::size_t i = 0; i < results.size(); ++i) {
    const Type& declared = *m_.type_of(op.results[i]);
    if (!has_type(results[i], declared))
      invalid(fmt::format("result {} of {} is {}, not {}", i, op.name, type_text(results[i]),
                          declared.text()));
  }
}

// By what the operation's specification says of them (ElementRule).
void Evaluator::check_elements(const Op& op) const {
  const auto check = [&](const ElementRule& rule, ValueId id) {
    const Type& type = *m_.type_of(id);
    if (!type.dtype) return;
    const DType dtype = type.quantized ? type.quantized->expressed : *type.dtype;
    if (!is_word_of(rule.classes, class_name(dtype)))
      invalid(fmt::format("{} has no elements of {}", op.name, type.text()));
  };
  for (const ElementRule* rule : op.rule->elements) {
    const auto& ids = rule->where == ElementRule::kResults ? op.results : op.operands;
    for (std::size_t i = 0; i < ids.size(); ++i)
      if (rule->where < 0 || i == static_cast<std::size_t>(rule->where)) check(*rule, ids[i]);
  }
}

// ---- Regions ----

ir::BodyOutline Evaluator::outline(const Block& block) const {
  const auto scalar = [&](ValueId id) {
    const Type& t = *m_.type_of(id);
    return t.kind == Type::Kind::kTensor && t.shape.empty();
  };
  ir::BodyOutline out;
  out.scalars = std::ranges::all_of(block.arguments, scalar);
  out.arguments.assign(block.arguments.begin(), block.arguments.end());
  for (const Op& op : block.ops) {
    out.scalars = out.scalars && std::ranges::all_of(op.operands, scalar) &&
                  std::ranges::all_of(op.results, scalar);
    if (ends_block(op))
      out.results.assign(op.operands.begin(), op.operands.end());
    else
      out.operations.push_back(outline(op));
  }
  return out;
}

ir::BodyOutline::Operation Evaluator::outline(const Op& op) const {
  ir::BodyOutline::Operation out;
  out.pointwise = op.rule && op.rule->pointwise;
  if (op.rule && op.rule->calls) {
    const Attr* callee = op.attr("callee");
    const auto f = callee && callee->kind == Attr::Kind::kSymbol
                       ? functions_.find(std::string_view(callee->text).substr(1))
                       : functions_.end();
    if (f != functions_.end() && !f->second->declared_only) out.calls = {&f->second->body};
  }
  out.operands.assign(op.operands.begin(), op.operands.end());
  if (op.results.size() != 1) return out;
  const Type& type = *m_.type_of(op.results[0]);
  out.result = op.results[0];
  out.dtype = type.dtype;
  out.converts = op.rule && op.rule->converts && !type.quantized;
  const auto kernel = op.rule ? op.rule->kernel : std::nullopt;
  const bool own_way = kernel && m_.for_interpreter && divides(*kernel);
  if (!type.quantized && !own_way) out.kernel = kernel;
  return out;
}

// ---- Calls ----

bool Call::abstract() const { return evaluator_.abstract_; }
const EvaluationContext& Call::context() const { return evaluator_.context_; }

const Datum& Call::datum(std::size_t i) const {
  if (i >= size()) invalid(fmt::format("{} has {} operands, more are wanted", op_.name, size()));
  return expressed_ ? (*expressed_)[i] : evaluator_.values_[op_.operands[i]];
}

const Type& Call::result_type(std::size_t i) const {
  if (i >= op_.results.size()) invalid(op_.name + " has no result");
  const Type& type = *evaluator_.m_.type_of(op_.results[i]);
  return expressed_ && type.expressed ? *type.expressed : type;
}

bool Call::for_interpreter() const { return evaluator_.m_.for_interpreter; }

namespace {

// What stands behind "key =" in a body, up to the comma or the end.
std::string_view field_in(const Attr& attr, std::string_view key) {
  const std::string_view body = attr.body;
  for (std::size_t at = body.find(key); at != std::string_view::npos; at = body.find(key, at + 1)) {
    const bool starts =
        at == 0 || body[at - 1] == ' ' || body[at - 1] == ',' || body[at - 1] == '\n';
    std::size_t i = at + key.size();
    while (i < body.size() && (body[i] == ' ' || body[i] == '\n')) ++i;
    if (!starts || i >= body.size() || body[i] != '=') continue;
    return body.substr(i + 1);
  }
  return {};
}

// The integer at the front of the text, and what is left of the text behind it.
std::int64_t take_integer(std::string_view& text, std::string_view key) {
  std::int64_t n = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), n);
  if (error != std::errc()) invalid(fmt::format("{} holds no integer of 64 bits", key));
  text.remove_prefix(static_cast<std::size_t>(end - text.data()));
  return n;
}

}  // namespace

Ints Call::list_in(const Attr& attr, std::string_view key) {
  std::string_view text = field_in(attr, key);
  Ints out;
  const std::size_t begin = text.find('[');
  if (begin == std::string_view::npos) return out;
  const std::size_t end = text.find(']', begin);
  if (end == std::string_view::npos) invalid(fmt::format("{} has no end", key));
  for (text = text.substr(begin + 1, end - begin - 1); !text.empty();) {
    if (text[0] == ' ' || text[0] == ',' || text[0] == '\n')
      text.remove_prefix(1);
    else
      out.push_back(take_integer(text, key));
  }
  return out;
}

std::int64_t Call::integer_in(const Attr& attr, std::string_view key, std::int64_t otherwise) {
  std::string_view text = field_in(attr, key);
  while (!text.empty() && text[0] == ' ') text.remove_prefix(1);
  return text.empty() ? otherwise : take_integer(text, key);
}

tensor::Body Call::body(std::size_t region) const {
  if (region >= op_.regions.size())
    invalid(fmt::format("{} has {} regions", op_.name, op_.regions.size()));
  const Block& block = op_.regions[region];
  const tensor::Body::Facts& facts = evaluator_.facts_.of(&block);
  Evaluator* evaluator = &evaluator_;
  const std::uint32_t at = op_.offset;
  return {[evaluator, &block, &facts, at](std::vector<Array> arguments) {
            return ir::run_body(facts, arguments, evaluator->abstract_, [&](bool lifted) {
              std::vector<Array> out;
              std::vector<Datum> data(arguments.begin(), arguments.end());
              for (const Datum& d : evaluator->run_block(block, std::move(data), lifted))
                out.push_back(d.as_array());
              evaluator->at_ = at;
              return out;
            });
          },
          facts};
}

std::vector<Datum> Call::run_region(std::size_t region, std::vector<Datum> arguments) const {
  if (region >= op_.regions.size())
    invalid(fmt::format("{} has {} regions", op_.name, op_.regions.size()));
  auto out = evaluator_.run_block(op_.regions[region], std::move(arguments), false);
  evaluator_.at_ = op_.offset;
  return out;
}

std::vector<Datum> Call::call(std::string_view function, std::vector<Datum> arguments) const {
  if (!lifted_) return evaluator_.call(function, std::move(arguments));
  const auto found = evaluator_.functions_.find(function);
  if (found == evaluator_.functions_.end())
    invalid(fmt::format("there is no function @{}", function));
  return evaluator_.run_block(found->second->body, std::move(arguments), true);
}

std::optional<std::string> Call::next_infeed() const {
  auto& queue = evaluator_.infeed_;
  if (!queue || queue->empty()) return std::nullopt;
  std::string name = std::move(queue->front());
  queue->pop_front();
  return name;
}

std::vector<Array>& Call::probes(const std::string& name) const { return evaluator_.probes_[name]; }

ir::Place Call::place() const { return {evaluator_.devices_, evaluator_.device_, op_.offset}; }

const ir::Mesh& Call::mesh(const std::string& name) const {
  const auto known = evaluator_.meshes_.find(name);
  if (known != evaluator_.meshes_.end()) return known->second;
  for (const Op& op : evaluator_.m_.ops) {
    const Attr *own = op.attr("sym_name"), *mesh = op.attr("mesh");
    if (op.name != "sdy.mesh" || !own || own->text != name || !mesh) continue;
    return evaluator_.meshes_.emplace(name, ir::parse_mesh("<" + mesh->body + ">")).first->second;
  }
  invalid(fmt::format("there is no mesh @{}", name));
}

std::vector<Datum> Call::run_on_devices(const std::vector<std::vector<std::string>>& functions,
                                        std::deque<std::string> infeed) const {
  std::vector<const Function*> programs;
  std::size_t wanted = 0;
  for (const auto& row : functions)
    for (const std::string& name : row) {
      const auto found = evaluator_.functions_.find(name);
      if (found == evaluator_.functions_.end())
        invalid(fmt::format("there is no function @{}", name));
      programs.push_back(found->second);
      wanted += found->second->arguments.size();
    }
  if (wanted != size())
    invalid(fmt::format("the programs take {} arguments, not {}", wanted, size()));
  std::vector<std::vector<Datum>> arguments, results;
  std::size_t at = 0;
  for (const Function* f : programs) {
    arguments.emplace_back();
    for (std::size_t i = 0; i < f->arguments.size(); ++i) arguments.back().push_back(datum(at++));
  }
  if (abstract()) {
    for (std::size_t d = 0; d < programs.size(); ++d)
      results.push_back(evaluator_.call(programs[d]->name, arguments[d]));
  } else {
    if (evaluator_.devices_) tensor::unsupported("devices within devices");
    ir::Devices devices(static_cast<std::int64_t>(functions.size()),
                        static_cast<std::int64_t>(functions[0].size()));
    evaluator_.infeed_ = std::make_shared<std::deque<std::string>>(std::move(infeed));
    results = devices.run([&](std::int64_t d) {
      const auto i = static_cast<std::size_t>(d);
      return evaluator_.run_on(devices, d, programs[i]->name, arguments[i]);
    });
  }
  std::vector<Datum> out;
  for (auto& each : results) out.insert(out.end(), each.begin(), each.end());
  return out;
}

void Call::expects(const Array& expected) const {
  evaluator_.expected_.push_back(expected.within(EvaluationContext::unmetered()));
}

void Call::check_failed(std::string message) const {
  ++evaluator_.checks_made_;
  if (!message.empty()) evaluator_.failed_checks_.push_back(std::move(message));
}

}  // namespace jaxsmith::stablehlo
