#include "plan/builder.h"

#include "base/portable_math.h"
#include "plan/field.h"
#include "tensor/closeness.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

namespace jaxsmith::plan {
namespace {

constexpr std::int64_t kMaxElements = 8192;

bool starts_with(std::string_view text, std::string_view prefix) {
  return text.substr(0, prefix.size()) == prefix;
}

bool starts_with_any(std::string_view text, const std::vector<std::string>& prefixes) {
  return std::any_of(prefixes.begin(), prefixes.end(),
                     [&](const std::string& prefix) { return starts_with(text, prefix); });
}

Value value_of(const Builder::Parameter& p, BodyId body) {
  Value v;
  v.type = p.type;
  v.stats = p.stats;
  v.hint = p.hint;
  v.names = p.names;
  v.arguments = p.arguments;
  v.grad_arguments = p.grad_arguments;
  v.facts = p.facts;
  v.sure = p.sure;
  v.claimed = p.claimed;
  v.body = body;
  return v;
}

// Functions of the lower module take equal shapes only, and no Python scalars.
bool spelling_applies(const std::string& spelling, const Draft& draft, const Program& program,
                      const Vocabulary& words) {
  const auto value = [&](ValueId id) -> const Value& {
    return program.values[static_cast<std::size_t>(id)];
  };
  if (draft.operands.empty()) return true;
  const bool first_literal = !value(draft.operands[0]).literal.empty();
  // A method of a Python number does not exist.
  if (starts_with(spelling, "$0.") && first_literal) return false;
  if (!starts_with_any(spelling, words.lower_prefixes) || draft.operands.size() < 2) return true;
  const Value& first = value(draft.operands[0]);
  return std::all_of(draft.operands.begin(), draft.operands.end(), [&](ValueId id) {
    return value(id).literal.empty() && value(id).type == first.type && !value(id).weak;
  });
}

}  // namespace

Shape broadcast_shapes(const Shape& x, const Shape& y) {
  const Shape& longer = x.size() >= y.size() ? x : y;
  const Shape& shorter = x.size() >= y.size() ? y : x;
  Shape out = longer;
  const std::size_t offset = longer.size() - shorter.size();
  for (std::size_t i = 0; i < shorter.size(); ++i) {
    if (out[offset + i] == 1) out[offset + i] = shorter[i];
  }
  return out;
}

std::string tuple_text(const std::vector<std::int64_t>& items) {
  std::string out = "(";
  for (std::size_t i = 0; i < items.size(); ++i)
    out += fmt::format("{}{}", i ? ", " : "", items[i]);
  return out + (items.size() == 1 ? ",)" : ")");
}

std::string number_text(double value, bool integral) {
  if (integral) return fmt::format("{}", static_cast<std::int64_t>(value));
  std::string text = fmt::format("{:.4g}", value == 0 ? 0.0 : value);  // not -0
  if (text.find("e+") != std::string::npos) text = fmt::format("{:.0f}", std::stod(text));
  if (text.find_first_of(".e") == std::string::npos) text += ".0";
  return text;
}

Builder::Parameter parameter_of(const Value& value) { return parameter_of(value, value.type); }

Builder::Parameter parameter_of(const Value& value, Type type) {
  return {std::move(type), value.stats, value.hint,   value.arguments, value.grad_arguments, 0,
          value.sure,      {},          value.claimed};
}

Builder::Builder(Program& program, const Settings& settings, Random random)
    : program_(program), settings_(settings), random_(random) {
  static const std::vector<Taste> kTastes = {{6, 1, 0.4, 1.5}, {6, 1, 0.2, 0.5}, {5, 1.5, 1.5, 1},
                                             {1, 3, 0.5, 1},   {1, 1, 4, 0.5},   {6, 0.7, 0.1, 4}};
  Random taste = random.fork("taste");
  taste_ = kTastes[taste.weighted(std::vector<double>{0.3, 0.25, 0.15, 0.12, 0.06, 0.12})];
}

bool Builder::allowed(DType dtype) const {
  return std::find(settings_.dtypes.begin(), settings_.dtypes.end(), dtype) !=
         settings_.dtypes.end();
}

bool Builder::broadcasts(const Shape& x, const Shape& y) const {
  const std::size_t n = std::min(x.size(), y.size());
  for (std::size_t i = 1; i <= n; ++i) {
    const auto a = x[x.size() - i], b = y[y.size() - i];
    if (a != b && a != 1 && b != 1) return false;
  }
  return true;
}

bool Builder::acceptable_shape(const Shape& shape) const {
  return static_cast<int>(shape.size()) <= settings_.max_rank &&
         tensor::element_count(shape) <= kMaxElements && tensor::element_count(shape) > 0;
}

std::optional<ValueId> Builder::draw(const Accept& accept, bool captured) {
  std::vector<ValueId> found;
  std::vector<double> weights;
  const Scope& scope = scopes_.back();
  const int last = static_cast<int>(program_.values.size()) - 1;
  for (ValueId id = 0; id <= last; ++id) {
    const Value& v = (*this)[id];
    if (!v.literal.empty() || v.reserved) continue;
    double weight = 0;
    if (v.body == scope.body) {
      weight = v.uses == 0 ? 8 : v.uses == 1 ? 1.5 : 0.5;
      weight *= 1.0 + 1.0 * id / (last + 1);
    } else if (captured && scope.captures) {
      const bool visible = sees(v.body);
      // A captured value is one in a few, and never one with no use of its own: that may be the
      // only use.
      if (visible) weight = 0.35;
    }
    if (weight == 0 || !accept(v)) continue;
    found.push_back(id);
    weights.push_back(weight);
  }
  if (found.empty()) return std::nullopt;
  return found[random_.weighted(weights)];
}

std::optional<ValueId> Builder::draw_kind(std::uint32_t kinds, int min_rank, int max_rank) {
  return draw([&](const Value& v) {
    return (kind_of(v.type.dtype) & kinds) && v.type.rank() >= min_rank &&
           v.type.rank() <= max_rank;
  });
}

std::optional<ValueId> Builder::draw_partner(ValueId x, const Accept& accept) {
  const Type type = (*this)[x].type;
  return draw([&, this](const Value& v) {
    if (v.type.dtype != type.dtype || !broadcasts(v.type.shape, type.shape)) return false;
    if (&v == &(*this)[x]) return false;
    if (!acceptable_shape(broadcast_shapes(v.type.shape, type.shape))) return false;
    return !accept || accept(v);
  });
}

std::int64_t Builder::size() { return random_.pick(settings_.sizes); }

void Builder::lengthen(Shape& shape) {
  if (settings_.longest == 0 || shape.empty() || shape.size() > 2) return;
  if (!program_.bodies.empty() && (!body_of(0).parameters.empty() || scopes_.size() > 1)) return;
  Shape longer = shape;
  longer[random_.below(longer.size())] = settings_.longest;
  if (acceptable_shape(longer)) shape = longer;
}

double Builder::nice_number(double lo, double hi, bool integral) {
  static const std::vector<double> kReals = {0.5, 2.0, 0.1, 0.25, 1.5,  3.0,  0.3,  0.75,
                                             1.0, 0.2, 0.7, 0.9,  1.2,  0.05, 0.01, 2.5,
                                             0.6, 0.8, 4.0, 0.4,  1e-3, 5.0,  0.15};
  std::vector<double> fitting;
  if (!integral) {
    for (double v : kReals) {
      if (v >= lo && v <= hi) fitting.push_back(v);
      if (-v >= lo && -v <= hi && hi <= 0) fitting.push_back(-v);
    }
    if (!fitting.empty() && !random_.chance(0.15)) return random_.pick(fitting);
    const double v = random_.uniform(lo, hi);
    const double step =
        portable::pow(10.0, std::floor(portable::log10(std::max(hi - lo, 1e-6))) - 1);
    return std::clamp(std::round(v / step) * step, lo, hi);
  }
  return static_cast<double>(
      random_.between(static_cast<std::int64_t>(std::ceil(lo)),
                      static_cast<std::int64_t>(std::floor(std::max(hi, std::ceil(lo))))));
}

bool Builder::sees(BodyId body) const {
  for (std::size_t i = scopes_.size(); i-- > 0;) {
    if (scopes_[i].body == body) return true;
    if (!scopes_[i].captures) return false;
  }
  return false;
}

ValueId Builder::literal(double value, DType dtype) {
  Value v;
  v.type = {dtype, {}};
  v.stats = constant_stats(value);
  v.literal = number_text(value, !tensor::is_inexact(dtype));
  v.weak = true;
  v.body = current();
  program_.values.push_back(std::move(v));
  return static_cast<ValueId>(program_.values.size()) - 1;
}

Builder::Mark Builder::mark() const {
  return {
      program_.values.size(),
      program_.bodies.size(),
      scopes_.empty() ? 0 : program_.bodies[static_cast<std::size_t>(current())].nodes.size(),
      program_.constants.size(),
      scopes_.empty() ? 0 : program_.bodies[static_cast<std::size_t>(current())].defaults.size(),
      numbers_};
}

void Builder::take_back(const Mark& mark) {
  const auto unuse = [&](const Node& node) {
    for (ValueId id : node.operands) --program_.values[static_cast<std::size_t>(id)].uses;
  };
  for (std::size_t b = mark.bodies; b < program_.bodies.size(); ++b) {
    for (const Node& node : program_.bodies[b].nodes) unuse(node);
    for (ValueId id : program_.bodies[b].results)
      --program_.values[static_cast<std::size_t>(id)].uses;
  }
  program_.bodies.resize(mark.bodies);
  if (!scopes_.empty()) {
    auto& nodes = program_.bodies[static_cast<std::size_t>(current())].nodes;
    for (std::size_t n = mark.nodes; n < nodes.size(); ++n) unuse(nodes[n]);
    nodes.resize(mark.nodes);
  }
  program_.constants.resize(mark.constants);
  if (!scopes_.empty()) {
    program_.bodies[static_cast<std::size_t>(current())].defaults.resize(mark.defaults);
    auto& parameters = program_.bodies[static_cast<std::size_t>(current())].parameters;
    std::erase_if(parameters, [&](ValueId id) { return id >= static_cast<ValueId>(mark.values); });
  }
  program_.values.resize(mark.values);
  numbers_ = mark.numbers;
}

std::string Builder::pick_spelling(const Op& op, const Draft& draft) {
  const Vocabulary& words = catalogue().vocabulary();
  std::vector<double> weights;
  for (const std::string& s : op.spellings) {
    const double liking = any_spelling_                              ? 1
                          : starts_with(s, "$0.")                    ? taste_.methods
                          : starts_with_any(s, words.lower_prefixes) ? taste_.lower
                          : starts_with_any(s, words.usual_prefixes) ? taste_.functions
                                                                     : taste_.operators;
    weights.push_back(spelling_applies(s, draft, program_, words) ? liking : 0);
  }
  if (std::none_of(weights.begin(), weights.end(), [](double w) { return w > 0; })) return {};
  return op.spellings[random_.weighted(weights)];
}

// Arguments that show in the result for sure. Rounding, limits, choices and factors that may be
// zero can hide what goes into them, so only what passes through none of these counts.
std::uint32_t Builder::surely_shown(const Op& op, const Draft& draft, const Value& result) const {
  if (op.derivative == Derivative::kZero) return 0;
  const bool limits =
      tensor::is_inexact(result.type.dtype) && distinct_probes(result.stats) < kProbes - 2;
  std::uint32_t sure = 0, common = ~0u;
  for (ValueId id : draft.operands) {
    const Value& v = (*this)[id];
    if (!v.literal.empty()) continue;
    common &= v.sure;
    // A small term is lost in a large sum.
    const bool sum = op.has(kAddition | kSubtraction);
    if (sum &&
        spread(v.stats) < 64 * tensor::epsilon(result.type.dtype) * typical_magnitude(result.stats))
      continue;
    // Anything times next to nothing is next to nothing.
    const bool scaled =
        std::any_of(draft.operands.begin(), draft.operands.end(),
                    [&](ValueId other) { return other != id && (*this)[other].any_scale; });
    if (scaled && !sum) continue;
    sure |= v.sure;
  }
  if (limits) return 0;
  if (op.selective) return draft.operands.empty() ? 0 : common;
  if (draft.operands.size() != 2) return sure;
  // A product with something of few elements that may be zero, and is a whole number, say, or where
  // a loop ended.
  for (int k = 0; k < 2; ++k) {
    const Value& factor = (*this)[draft.operands[static_cast<std::size_t>(k)]];
    const Value& other = (*this)[draft.operands[static_cast<std::size_t>(1 - k)]];
    if (!factor.literal.empty() || tensor::element_count(factor.type.shape) >= 8) continue;
    bool vanishes = false, whole = true;
    for (double p : factor.stats.probe) {
      vanishes = vanishes || std::abs(p) < 1e-3;
      whole = whole && p == std::floor(p);
    }
    if (vanishes || whole) sure &= ~(other.sure & ~factor.sure);
  }
  return sure;
}

// Whether the open body holds the same computation already; writing it twice is no gain for anyone.
bool Builder::computed_before(const Op& op, const Draft& draft) const {
  if (draft.operands.empty() || !draft.bodies.empty()) return false;
  const auto same_operand = [&](ValueId x, ValueId y) {
    return x == y || (!(*this)[x].literal.empty() && (*this)[x].literal == (*this)[y].literal);
  };
  const auto& nodes = body_of(current()).nodes;
  return std::any_of(nodes.begin(), nodes.end(), [&](const Node& node) {
    // Steps of a written entry share its name.
    if (op.has(kWritten) && node.spelling != draft.spelling) return false;
    return node.op == op.name && node.attributes == draft.attributes &&
           std::equal(node.operands.begin(), node.operands.end(), draft.operands.begin(),
                      draft.operands.end(), same_operand);
  });
}

bool Builder::commit(const Op& op, Draft& draft) {
  if (draft.results.empty() || computed_before(op, draft)) return false;
  if (differentiable() && op.derivative != Derivative::kSmooth) return false;
  if (draft.spelling.empty()) draft.spelling = pick_spelling(op, draft);
  if (draft.spelling.empty()) return false;
  Node node;
  node.op = op.name;
  node.spelling = draft.spelling;
  node.operands = draft.operands;
  node.attributes = draft.attributes;
  node.bodies = draft.bodies;
  node.comment = draft.comment;
  node.responses = draft.responses;
  node.loop = draft.loop;
  std::uint32_t arguments = 0, grad_arguments = 0;
  bool any_scale = false, claimed = false;
  for (ValueId id : draft.operands) {
    claimed = claimed || (*this)[id].claimed;
    any_scale = any_scale || (*this)[id].any_scale;
    arguments |= (*this)[id].arguments;
    grad_arguments |= (*this)[id].grad_arguments;
  }
  for (Value& result : draft.results) {
    result.stats = rounded(result.stats, result.type.dtype);
    if (!acceptable_shape(result.type.shape) || !acceptable(result.type, result.stats))
      return false;
    if (!allowed(result.type.dtype) && result.type.dtype != DType::kBool &&
        result.type.dtype != default_integer()) {
      return false;
    }
    result.body = current();
    result.arguments |= arguments;
    result.claimed = result.claimed || claimed;
    result.any_scale = result.any_scale || (!op.has(kAddition | kSubtraction) && any_scale);
    for (BodyId b : draft.bodies) add_captured_arguments(b, result);
    if (!draft.sure_given) {
      // A yes or no, or a small count, often stays what it is when an argument changes.
      const bool coarse =
          tensor::element_count(result.type.shape) < 4 && !tensor::is_inexact(result.type.dtype);
      result.sure = !draft.bodies.empty() || coarse ? 0 : surely_shown(op, draft, result);
    }
    // What a body does to derivatives its entry has worked out, and what is written what it stops;
    // all else passes them on.
    if (draft.bodies.empty() && !op.has(kWritten)) result.grad_arguments = grad_arguments;
    if (op.derivative == Derivative::kZero || !tensor::is_inexact(result.type.dtype)) {
      result.grad_arguments = 0;
    }
    if (result.hint.empty() && !op.hints.empty()) result.hint = random_.pick(op.hints);
  }
  for (ValueId id : draft.operands) ++program_.values[static_cast<std::size_t>(id)].uses;
  for (const Value& result : draft.results) {
    if (static_cast<int>(node.results.size()) == draft.ignored_result)
      node.results.push_back(kNoValue);
    node.results.push_back(static_cast<ValueId>(program_.values.size()));
    program_.values.push_back(result);
  }
  if (static_cast<int>(node.results.size()) == draft.ignored_result)
    node.results.push_back(kNoValue);
  node.result_groups = draft.result_groups;
  program_.bodies[static_cast<std::size_t>(current())].nodes.push_back(std::move(node));
  return true;
}

std::optional<ValueId> Builder::apply(std::string_view name, std::vector<ValueId> operands,
                                      Numbers numbers) {
  const Op* found = catalogue().find(name);
  if (found == nullptr) return std::nullopt;
  const Op& op = *found;
  const Mark before = mark();
  const Numbers outer = numbers_;
  Draft draft;
  draft.operands = std::move(operands);
  numbers_ = std::move(numbers);
  const bool ok = op.infer && op.infer(*this, draft) && commit(op, draft);
  if (!ok) take_back(before);
  numbers_ = outer;
  if (!ok) return std::nullopt;
  return program_.bodies[static_cast<std::size_t>(current())].nodes.back().results[0];
}

std::optional<ValueId> Builder::apply_text(
    std::string_view name, std::vector<ValueId> operands,
    std::map<std::string, std::string, std::less<>> attributes) {
  const Op* found = catalogue().find(name);
  if (found == nullptr) return std::nullopt;
  const Op& op = *found;
  const Mark before = mark();
  Draft draft;
  draft.operands = std::move(operands);
  draft.attributes = std::move(attributes);
  if (op.infer && op.infer(*this, draft) && commit(op, draft)) {
    return program_.bodies[static_cast<std::size_t>(current())].nodes.back().results[0];
  }
  take_back(before);
  return std::nullopt;
}

const Weights& weights_of(const Settings& settings) {
  return settings.weights ? *settings.weights : settings.catalogue->weights();
}

bool Builder::draw_op(const Op& op, bool any_spelling) {
  if (differentiable() && op.derivative != Derivative::kSmooth) return false;
  const Mark before = mark();
  Draft draft;
  numbers_.clear();
  any_spelling_ = any_spelling;
  const bool drawn = op.draw(*this, draft) && (draft.placed || commit(op, draft));
  any_spelling_ = false;
  if (!drawn) take_back(before);
  return drawn;
}

void Builder::grow(int steps) {
  const auto ops = catalogue().ops();
  const Weights& fitted = this->weights();
  std::vector<double> weights(ops.size());
  for (std::size_t i = 0; i < ops.size(); ++i) {
    const Category c = ops[i].category;
    const bool has_bodies = catalogue().profile(c).has_bodies;
    weights[i] = has_bodies && depth() >= settings_.max_depth
                     ? 0
                     : settings_.mix[static_cast<std::size_t>(c)] * ops[i].weight * fitted.entry(i);
    if (has_bodies && depth() > 0) weights[i] *= 0.5;
    if (differentiable() && ops[i].derivative != Derivative::kSmooth) weights[i] = 0;
    // A whole has nothing before it.
    if (ops[i].has(kSetting) || field_of(ops[i]) == Field::kWholes) weights[i] = 0;
  }
  if (std::none_of(weights.begin(), weights.end(), [](double w) { return w > 0; })) return;
  for (int done = 0, tries = 0; done < steps && tries < 12 * steps; ++tries) {
    if (draw_op(ops[random_.weighted(weights)])) ++done;
  }
}

std::optional<BodyId> Builder::body(const BodySpec& spec,
                                    const std::function<bool(const std::vector<ValueId>&)>& fill) {
  const Mark before = mark();
  const BodyId id = static_cast<BodyId>(program_.bodies.size());
  Body fresh;
  fresh.parent = scopes_.empty() ? -1 : current();
  fresh.placement = spec.placement;
  fresh.hint = spec.hint;
  fresh.parameter_groups = spec.parameter_groups;
  program_.bodies.push_back(fresh);
  std::vector<ValueId> parameters;
  for (const Parameter& p : spec.parameters) {
    parameters.push_back(static_cast<ValueId>(program_.values.size()));
    program_.values.push_back(value_of(p, id));
  }
  program_.bodies[static_cast<std::size_t>(id)].parameters = parameters;
  scopes_.push_back({id, spec.differentiable || (!scopes_.empty() && differentiable()),
                     spec.placement == Placement::kNested});
  struct Closing {  // also where an idiom is given up
    std::vector<Scope>& scopes;
    std::size_t depth;
    ~Closing() { scopes.resize(depth, Scope{}); }
  } closing{scopes_, scopes_.size() - 1};
  const bool filled = fill(parameters);
  parameters = program_.bodies[static_cast<std::size_t>(id)].parameters;  // the root may have more
  bool complete = filled && !program_.bodies[static_cast<std::size_t>(id)].results.empty();
  if (complete) {
    for (ValueId v : unused()) {
      const bool parameter = std::find(parameters.begin(), parameters.end(), v) != parameters.end();
      if (!parameter || spec.parameters_needed) complete = false;
    }
  }
  scopes_.pop_back();  // before anything is taken back in the enclosing body
  if (!complete) {
    take_back(before);
    return std::nullopt;
  }
  return id;
}

ValueId Builder::add_parameter(const Parameter& parameter) {
  const auto id = static_cast<ValueId>(program_.values.size());
  program_.values.push_back(value_of(parameter, current()));
  program_.bodies[static_cast<std::size_t>(current())].parameters.push_back(id);
  return id;
}

std::vector<ValueId> Builder::unused() const {
  std::vector<ValueId> out;
  for (ValueId id = 0; id < static_cast<ValueId>(program_.values.size()); ++id) {
    const Value& v = (*this)[id];
    if (v.body == current() && v.uses == 0 && v.literal.empty() && !v.reserved) out.push_back(id);
  }
  return out;
}

void Builder::set_results(std::vector<ValueId> results, std::vector<int> groups) {
  for (ValueId id : results) ++program_.values[static_cast<std::size_t>(id)].uses;
  Body& b = program_.bodies[static_cast<std::size_t>(current())];
  b.results = std::move(results);
  b.result_groups = std::move(groups);
}

void Builder::add_captured_arguments(BodyId id, Value& result) const {
  // Bodies made after `id` may be nested in it; all their operands count.
  for (std::size_t b = static_cast<std::size_t>(id); b < program_.bodies.size(); ++b) {
    for (const Node& node : program_.bodies[b].nodes) {
      for (ValueId operand : node.operands) {
        if ((*this)[operand].body < id) {
          result.arguments |= (*this)[operand].arguments;
        }
      }
    }
  }
}

}  // namespace jaxsmith::plan
