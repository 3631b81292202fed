#include "plan/idiom.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cctype>

#include "plan/composition.h"
#include "plan/holes.h"
#include "plan/meaning.h"
#include "plan/preparation.h"
#include "plan/setting.h"
#include "plan/turns.h"
#include "plan/visibility.h"

namespace jaxsmith::plan {
namespace {

// "($2, $3)"; one stands for itself.
std::string tuple_of(std::size_t from, std::size_t count) {
  const std::string all = Idiom::holes(from, count);
  return count > 1 ? "(" + all + ")" : all;
}

// One that stands for itself, or a tuple of several.
int group(std::size_t count) { return count > 1 ? static_cast<int>(count) : 0; }

std::vector<int> groups(std::initializer_list<std::size_t> counts) {
  std::vector<int> out;
  for (const std::size_t n : counts) out.push_back(group(n));
  const bool flat = std::all_of(out.begin(), out.end(), [](int g) { return g == 0; });
  return flat ? std::vector<int>{} : out;
}

// A spelling without factors of one, as a drawn number may be one. `inexact`: no operand is a
// count, which a float would promote.
std::string without_ones(const std::string& spelling, bool inexact) {
  std::string out = spelling;
  const auto drop = [&](std::string_view text, const auto& may) {
    for (std::size_t at = out.find(text); at != std::string::npos; at = out.find(text, at + 1))
      if (may(at)) out.erase(at, text.size());
  };
  const auto begins_term = [&](std::size_t at) {
    if (at == 0 || out[at - 1] == '(') return true;
    return at > 1 && out[at - 1] == ' ' && (out[at - 2] == '+' || out[at - 2] == '-');
  };
  const auto ends = [&](std::size_t end) {
    return end >= out.size() || std::string_view(" )],").find(out[end]) != std::string_view::npos;
  };
  if (inexact) drop("1.0 * ", begins_term);
  constexpr std::string_view kColumn = "[:, None]", kTimesOne = " * 1";
  drop(kTimesOne, [&](std::size_t at) {
    return std::string_view(out).substr(0, at).ends_with(kColumn) && ends(at + kTimesOne.size());
  });
  const bool operand_alone = out.size() < 4 && out.starts_with("$");
  return operand_alone ? spelling : out;
}

// An idiom's thresholds, rates and scales are for elements that use its range: of a value in scope
// typical elements are to reach through this share of it.
constexpr double kUsedShare = 0.15;

ValueId id_of(const Program& program, const Value& value) {
  ValueId id = 0;
  while (&program.values[static_cast<std::size_t>(id)] != &value) ++id;
  return id;
}

bool share_a_word(const std::vector<std::string>& some, const std::vector<std::string>& others) {
  return std::ranges::any_of(some, [&](const std::string& word) {
    return std::ranges::find(others, word) != others.end();
  });
}

}  // namespace

Idiom::Idiom(Builder& builder, const Op& op)
    : b_(builder), op_(op), first_(static_cast<ValueId>(builder.program().values.size())) {}

std::string Idiom::either(const Words& texts) { return texts[likelier(b_, texts)]; }

std::string Idiom::text(double value) { return number_text(value, false); }

std::string Idiom::holes(std::size_t from, std::size_t count) { return plan::holes(from, count); }

DType Idiom::real() const { return b_.settings().real; }
DType Idiom::integer() const { return b_.default_integer(); }

std::string Idiom::setting(const Words& names, const Words& values) {
  const std::string value = either(values), name = either(names);
  const double draw = random().uniform();
  Body& body = b_.open_body();
  const bool root = b_.depth() == 0 && body.placement == Placement::kEntry;
  if (!root || draw < 0.45) return value;
  const auto give = [&](auto& given, const std::string& as) {
    const auto known = std::find_if(given.begin(), given.end(),
                                    [&](const auto& each) { return each.first == as; });
    if (known != given.end()) return known->second == value ? as : value;
    given.emplace_back(as, value);
    return as;
  };
  if (draw < 0.8) return give(body.defaults, name);
  std::string upper = name;
  std::transform(upper.begin(), upper.end(), upper.begin(),
                 [](unsigned char c) { return static_cast<char>(std::toupper(c)); });
  return give(b_.program().constants, upper);
}

void Idiom::called(Words names) {
  Body& body = b_.open_body();
  // What a function is called after is what it does last.
  if (b_.depth() == 0) body.names = std::move(names);
}

void Idiom::summary(std::string line) {
  Body& body = b_.open_body();
  if (b_.depth() == 0) body.summaries.push_back(std::move(line));
}

void Idiom::comment(std::string line) { comment_ = std::move(line); }

Stats Idiom::stats_of(const Type& type, Interval range) {
  if (type.dtype == DType::kBool) return boolean_stats(random(), 0.5);
  return uniform_stats(random(), range.lo, range.hi, tensor::is_integer(type.dtype));
}

bool Idiom::may_add_argument() const {
  const Body& body = b_.body_of(b_.current());
  return b_.depth() == 0 && body.placement == Placement::kEntry &&
         body.parameters.size() < profile_of(b_.settings().size).most_arguments;
}

bool Idiom::may_share(const Value& v) const {
  if (b_.settings().size != SizeClass::kLarge || b_.depth() > 0 || may_add_argument()) return false;
  const auto& given = b_.body_of(b_.current()).parameters;
  return std::any_of(given.begin(), given.end(), [&](ValueId id) { return &b_[id] == &v; });
}

ValueId Idiom::existing(const Words& names, const Accept& accept) {
  const Meaning role = meaning_of(names);
  // A role takes what is known to be of its kind, not what may be anything; one of which its names
  // tell nothing is of no kind.
  const bool any = names.empty() || !op_.has(kIdiom) || chains_freely(program());
  const auto is_free = [&](const Value& v) {
    if (!accept(v)) return false;
    const ValueId id = id_of(program(), v);
    if (id >= first_ || taken_.contains(id)) return false;
    const Meaning meaning = any ? role : meaning_of(program(), id);
    return any || share_a_word(v.names, names) ||
           (role != 0 && meaning != 0 && agrees(meaning, role));
  };
  // A value that is called what is looked for is the likelier one.
  auto found = b_.draw([&](const Value& v) {
    return is_free(v) && !v.names.empty() &&
           std::find(names.begin(), names.end(), v.names[0]) != names.end();
  });
  if (!found) found = b_.draw(is_free);
  if (found) taken_.insert(*found);
  return found.value_or(kNoValue);
}

ValueId Idiom::own(ValueId id) {
  if (id != kNoValue) own_.insert(&b_[id]);
  return id;
}

ValueId Idiom::argument(Words names, Type type, Interval range) {
  if (!may_add_argument() || !b_.allowed(type.dtype) || type.rank() > b_.settings().max_rank ||
      !b_.acceptable_shape(type.shape))
    fail();
  // Most people write the long form of a name, some the short.
  if (names.size() > 1 && chance(0.45))
    std::swap(
        names[0],
        names[static_cast<std::size_t>(between(1, static_cast<std::int64_t>(names.size()) - 1))]);
  // What a study goes over is its own, and so is what a setting compares with.
  if ((!op_.has(kStudy | kSetting) || is_role(op_)) && !names.empty())
    if (const auto made = prepared(b_, {names, type, range})) return own(*made);
  const auto bit = 1u << b_.body_of(b_.current()).parameters.size();
  const Stats stats = stats_of(type, range);
  const std::uint32_t differentiable = tensor::is_inexact(type.dtype) ? bit : 0;
  return own(b_.add_parameter(
      {std::move(type), stats, names.front(), bit, differentiable, 0, bit, std::move(names)}));
}

ValueId Idiom::anchor(Words names, int min_rank, int max_rank, Interval range) {
  // Large programs come back to what they have used, as a loss does to features.
  const int most_uses = b_.settings().size == SizeClass::kLarge && chance(0.25) ? 1 : 0;
  const ValueId found = existing(names, [&](const Value& v) {
    const Interval reach = practical(v.stats);
    return v.type.dtype == real() && v.type.rank() >= min_rank && v.type.rank() <= max_rank &&
           !v.weak && !v.any_scale && v.uses <= most_uses && reach.lo >= range.lo &&
           reach.hi <= range.hi && spread(v.stats) >= kUsedShare * (range.hi - range.lo) &&
           std::none_of(v.type.shape.begin(), v.type.shape.end(),
                        [](std::int64_t n) { return n < 2; });
  });
  if (found != kNoValue) return own(found);
  // A stage of a large program is about what there is already.
  const bool begun = b_.depth() == 0 && !b_.body_of(b_.current()).nodes.empty();
  if (begun && op_.has(kIdiom) && b_.settings().size == SizeClass::kLarge) fail();
  if (min_rank > b_.settings().max_rank) fail();
  Shape shape;
  const int top = std::min(max_rank, b_.settings().max_rank);
  std::vector<double> ranks;  // as a run's are fitted
  for (int n = min_rank; n <= top && !b_.weights().ranks.empty(); ++n)
    ranks.push_back(b_.weights().rank(static_cast<std::size_t>(n)));
  const auto rank = ranks.empty() ? between(min_rank, top)
                                  : min_rank + static_cast<std::int64_t>(random().weighted(ranks));
  for (std::int64_t i = 0; i < rank; ++i) shape.push_back(size());
  b_.lengthen(shape);
  return argument(std::move(names), {real(), shape}, range);
}

ValueId Idiom::input(Words names, Shape shape, Interval range) {
  return input(std::move(names), Type{real(), std::move(shape)}, range);
}

ValueId Idiom::input(Words names, Type type, Interval range) {
  const bool boolean = type.dtype == DType::kBool;
  // Beside the anchor an idiom has roles of its own: of a like shape and range is not enough.
  const Meaning role = meaning_of(names);
  const bool any = chains_freely(program()) || !op_.has(kIdiom);
  const auto fits = [&](const Value& v) {
    const Interval reach = practical(v.stats);
    return v.type == type && !v.weak && !v.any_scale && (v.uses == 0 || may_share(v)) &&
           !own_.contains(&v) &&
           (boolean || (reach.lo >= range.lo && reach.hi <= range.hi &&
                        spread(v.stats) >= kUsedShare * (range.hi - range.lo))) &&
           (any || share_a_word(v.names, names) ||
            (meaning_of(program(), id_of(program(), v)) & role) != 0);
  };
  // A call of the library goes on with what is there; an idiom's roles are rather its own.
  if (!may_add_argument() || chance(op_.has(kIdiom) ? 0.5 : 0.85)) {
    if (const ValueId found = existing(names, fits); found != kNoValue) return own(found);
  }
  return argument(std::move(names), std::move(type), range);
}

ValueId Idiom::left_over(const Accept& accept) {
  const auto& given = b_.body_of(b_.current()).parameters;
  const ValueId found = existing({}, [&](const Value& v) {
    return v.body == b_.current() && v.uses == 0 && accept(v) &&
           std::ranges::none_of(given, [&](ValueId id) { return &b_[id] == &v; });
  });
  if (found == kNoValue) fail();
  return own(found);
}

Type Idiom::type(ValueId id) const { return id == kNoValue ? Type{real(), {}} : b_[id].type; }
Shape Idiom::shape(ValueId id) const { return type(id).shape; }

std::int64_t Idiom::dim(ValueId id, int axis) const {
  const Shape of = shape(id);
  const int at = axis < 0 ? axis + static_cast<int>(of.size()) : axis;
  return at >= 0 && at < static_cast<int>(of.size()) ? of[static_cast<std::size_t>(at)] : 2;
}

Shape Idiom::with_last(ValueId id, std::int64_t size) const {
  Shape out = shape(id);
  if (!out.empty()) out.back() = size;
  return out;
}

Shape Idiom::without_axis(ValueId id, int axis) const {
  Shape out = shape(id);
  const int at = axis < 0 ? axis + static_cast<int>(out.size()) : axis;
  if (at >= 0 && at < static_cast<int>(out.size())) out.erase(out.begin() + at);
  return out;
}

// Arguments and derivatives that reach a step: through operands, and through what functions
// capture.
Value Idiom::result_of(const Part& part, const std::string& spelling, const Ids& operands,
                       const std::vector<BodyId>& bodies) {
  Value out;
  out.type = part.type;
  out.stats = stats_of(part.type, part.range);
  out.names = part.names;
  if (!part.names.empty()) out.hint = part.names.front();
  if (out.names.size() > 1 && chance(0.4)) std::swap(out.names[0], out.names[1]);
  Ids sources = operands;
  if (!bodies.empty()) {
    const auto note = [&](ValueId id) {
      if (b_[id].body < bodies.front()) sources.push_back(id);
    };
    for (auto b = static_cast<std::size_t>(bodies.front()); b < b_.program().bodies.size(); ++b) {
      const Body& body = b_.program().bodies[b];
      for (const Node& node : body.nodes) std::ranges::for_each(node.operands, note);
      std::ranges::for_each(body.results, note);
    }
  }
  const std::string followed = without_calls(spelling, b_.catalogue().vocabulary().calls.constants);
  for (std::size_t k = 0; k < sources.size(); ++k) {
    const Value& v = b_[sources[k]];
    out.sure |= v.sure;
    out.arguments |= v.arguments;
    const bool stopped = k < operands.size() && followed.size() < spelling.size() &&
                         names_operand(spelling, k) && !names_operand(followed, k);
    if (!stopped) out.grad_arguments |= v.grad_arguments;
  }
  out.claimed = tensor::is_inexact(out.type.dtype);
  if (!tensor::is_inexact(out.type.dtype)) out.grad_arguments = 0;
  return out;
}

ValueId Idiom::let(Words names, std::string spelling, Ids operands, Shape shape, Interval range) {
  return let(std::move(names), std::move(spelling), std::move(operands),
             Type{real(), std::move(shape)}, range);
}

ValueId Idiom::let(Words names, std::string spelling, Ids operands, Type type, Interval range) {
  return let(std::move(names), std::move(spelling), std::move(operands), std::vector<BodyId>{},
             std::move(type), range);
}

ValueId Idiom::let(Words names, std::string spelling, Ids operands, std::vector<BodyId> bodies,
                   Type type, Interval range) {
  const Ids out = unpack(std::move(spelling), std::move(operands), std::move(bodies),
                         {{std::move(names), std::move(type), range}});
  return out[0];
}

Idiom::Ids Idiom::unpack(std::string spelling, Ids operands, std::vector<BodyId> bodies,
                         std::vector<Part> parts, std::vector<int> result_groups,
                         std::optional<Loop> loop) {
  const auto missing = [](int id) { return id < 0; };
  if (std::any_of(operands.begin(), operands.end(), missing) ||
      std::any_of(bodies.begin(), bodies.end(), missing))
    fail();
  Draft draft;
  draft.operands = operands;
  draft.bodies = bodies;
  const bool inexact = std::ranges::all_of(
      operands, [&](ValueId id) { return tensor::is_inexact(b_[id].type.dtype); });
  draft.spelling = without_ones(spelling, inexact);
  draft.comment = std::move(comment_);
  comment_.clear();
  draft.sure_given = true;
  for (const Part& part : parts)
    draft.results.push_back(result_of(part, draft.spelling, operands, bodies));
  if (parts.size() == 1 && tensor::is_inexact(parts[0].type.dtype)) {
    // What is said of a derivative is how large it may be.
    constexpr double kOfDerivative = 0.2;
    std::vector<double> sizes;
    for (const ValueId id : operands)
      sizes.push_back(typical_magnitude(b_[id].stats) * (b_[id].any_scale ? kOfDerivative : 1));
    draft.responses =
        term_responses(draft.spelling, sizes, typical_magnitude(draft.results[0].stats));
  }
  draft.result_groups = std::move(result_groups);
  draft.loop = loop;
  if (!b_.place(op_, draft)) fail();
  Node& node = b_.open_body().nodes.back();
  Ids out = node.results;
  for (std::size_t i = 0; i < parts.size(); ++i) {
    own(out[i]);
    if (!parts[i].names.empty()) continue;
    b_.reserve(out[i], true);  // not needed
    node.results[i] = out[i] = kNoValue;
  }
  return out;
}

void Idiom::keep(ValueId id) {
  if (id == kNoValue) return;
  // Reserved and used: the planner puts it among the results.
  if (b_.depth() == 0) b_.reserve(id, true);
}

BodyId Idiom::function(Words names, std::vector<Part> parameters, const Fill& fill,
                       std::vector<int> parameter_groups, std::vector<int> result_groups) {
  Builder::BodySpec spec;
  spec.hint = names.empty() ? "step" : random().pick(names);
  spec.parameter_groups = std::move(parameter_groups);
  spec.parameters_needed = false;
  for (Part& part : parameters) {
    Builder::Parameter p;
    p.stats = stats_of(part.type, part.range);
    p.type = std::move(part.type);
    if (!part.names.empty()) p.hint = part.names.front();
    p.names = std::move(part.names);
    if (tensor::is_inexact(p.type.dtype)) p.grad_arguments = ~0u;
    p.sure = p.arguments = ~0u;  // what flows through is counted where it is called
    spec.parameters.push_back(std::move(p));
  }
  const auto body = b_.body(spec, [&](const Ids& p) {
    Ids results = fill(p);
    const bool missing = std::any_of(results.begin(), results.end(), [](int id) { return id < 0; });
    if (results.empty() || missing) return false;
    b_.set_results(std::move(results), result_groups);
    return true;
  });
  if (!body) fail();
  return *body;
}

BodyId Idiom::helper(Words names, std::string summary, std::vector<Part> parameters,
                     const Fill& fill) {
  const BodyId id = function(names, std::move(parameters), fill);
  Body& body = b_.program().bodies[static_cast<std::size_t>(id)];
  body.placement = Placement::kHelper;
  body.parent = -1;
  body.hint = names.front();
  body.names = std::move(names);
  if (!summary.empty()) body.summaries = {std::move(summary)};
  return id;
}

ValueId Idiom::call(Words names, BodyId body, Ids operands, Type type, Interval range) {
  const std::string spelling = "$f0(" + holes(0, operands.size()) + ")";
  return let(std::move(names), spelling, std::move(operands), std::vector<BodyId>{body},
             std::move(type), range);
}

Idiom::ScanResult Idiom::scan(Words step_names, std::vector<Carry> carries, std::vector<Slice> over,
                              std::vector<Words> stacked, const Fill& step, std::string options,
                              std::int64_t length) {
  ScanResult out{Ids(carries.size(), kNoValue), Ids(stacked.size(), kNoValue)};
  std::vector<Part> parameters;
  Ids operands;
  for (const Carry& c : carries) {
    parameters.push_back({c.names, type(c.init), c.range});
    operands.push_back(c.init);
  }
  for (const Slice& s : over) {
    Type element{type(s.of).dtype, without_axis(s.of, 0)};
    const Interval range = s.of == kNoValue ? Interval{-1, 1} : practical(b_[s.of].stats);
    parameters.push_back({s.names, std::move(element), range});
    operands.push_back(s.of);
    length = dim(s.of, 0);
  }
  if (over.empty()) parameters.push_back({{}, {integer(), {}}, {0, 1}});
  std::vector<Value> ys;
  const BodyId body = function(
      std::move(step_names), std::move(parameters),
      [&](const Ids& p) {
        if (over.empty()) b_.reserve(p.back(), true);
        Ids results = step(p);
        if (results.size() != carries.size() + stacked.size()) return Ids{};
        for (std::size_t i = carries.size(); i < results.size(); ++i) ys.push_back(b_[results[i]]);
        if (stacked.empty()) {
          const ValueId none = b_.literal(0, real());
          b_.program().values[static_cast<std::size_t>(none)].literal = "None";
          results.push_back(none);
        }
        return results;
      },
      groups({carries.size(), std::max<std::size_t>(over.size(), 1)}),
      groups({carries.size(), std::max<std::size_t>(stacked.size(), 1)}));
  std::vector<Part> parts;
  for (const Carry& c : carries) parts.push_back({c.final, type(c.init), c.range});
  for (std::size_t i = 0; i < stacked.size(); ++i) {
    Type all = ys[i].type;
    all.shape.insert(all.shape.begin(), length);
    parts.push_back({stacked[i], std::move(all), practical(ys[i].stats)});
  }
  if (stacked.empty()) parts.push_back({{}, {real(), {}}, {-1, 1}});
  const bool forward = options.empty();
  std::string spelling = form(&ControlForms::scan)(
      tuple_of(0, carries.size()), over.empty() ? "" : tuple_of(carries.size(), over.size()),
      length, options);
  const Ids results =
      unpack(std::move(spelling), std::move(operands), {body}, std::move(parts),
             groups({carries.size(), std::max<std::size_t>(stacked.size(), 1)}),
             forward ? std::optional(Loop{carries.size(), 0, length}) : std::nullopt);
  std::copy_n(results.begin(), carries.size(), out.final.begin());
  std::copy_n(results.begin() + static_cast<std::ptrdiff_t>(carries.size()), stacked.size(),
              out.stacked.begin());
  return out;
}

Idiom::Ids Idiom::fori(std::int64_t lower, std::int64_t upper, Words step_names,
                       std::vector<Carry> carries, const Fill& step) {
  std::vector<Part> parameters = {{{"i", "step", "k"},
                                   {integer(), {}},
                                   {static_cast<double>(lower), static_cast<double>(upper)}}};
  Ids operands;
  std::vector<Part> parts;
  for (const Carry& c : carries) {
    parameters.push_back({c.names, type(c.init), c.range});
    operands.push_back(c.init);
    parts.push_back({c.final, type(c.init), c.range});
  }
  const BodyId body = function(
      std::move(step_names), std::move(parameters),
      [&](const Ids& p) {
        b_.reserve(p[0], true);  // a counter need not be used
        return step(p);
      },
      groups({1, carries.size()}),
      carries.size() > 1 ? groups({carries.size()}) : std::vector<int>{});
  return unpack(form(&ControlForms::repeat)(lower, upper, tuple_of(0, carries.size())),
                std::move(operands), {body}, std::move(parts), {},
                Loop{carries.size(), lower, upper, true});
}

Idiom::Ids Idiom::while_loop(std::vector<Carry> carries, Words condition_names,
                             const Fill& condition, Words step_names, const Fill& step) {
  std::vector<Part> parameters, parts;
  Ids operands;
  for (const Carry& c : carries) {
    parameters.push_back({c.names, type(c.init), c.range});
    operands.push_back(c.init);
    parts.push_back({c.final, type(c.init), c.range});
  }
  const auto together = groups({carries.size()});
  const BodyId test = function(std::move(condition_names), parameters, condition, together);
  const BodyId body =
      function(std::move(step_names), std::move(parameters), step, together, together);
  for (const BodyId id : {test, body}) b_.restrict_changes(id, Changes::kWhole);
  return unpack(form(&ControlForms::repeat_while)(tuple_of(0, carries.size())), std::move(operands),
                {test, body}, std::move(parts));
}

Idiom::Ids Idiom::cond(ValueId predicate, Ids operands, std::vector<Part> parameters,
                       Words yes_names, const Fill& yes, Words no_names, const Fill& no,
                       std::vector<Part> parts, Packing packing) {
  const std::vector<Branch> branches = {{std::move(yes_names), yes}, {std::move(no_names), no}};
  return choose(form(&ControlForms::either), predicate, std::move(operands), parameters, branches,
                std::move(parts), std::move(packing));
}

Idiom::Ids Idiom::switch_(ValueId index, Ids operands, std::vector<Part> parameters,
                          const std::vector<Branch>& branches, std::vector<Part> parts,
                          Packing packing) {
  std::string list;
  for (std::size_t k = 0; k < branches.size(); ++k) list += fmt::format("{}$f{}", k ? ", " : "", k);
  list = chance(0.65) ? "[" + list + "]" : "(" + list + ")";
  const auto call = [&](const std::string& given) {
    return form(&ControlForms::one_of)(list, given);
  };
  return choose(call, index, std::move(operands), parameters, branches, std::move(parts),
                std::move(packing));
}

// `call` spells it, of the operands as it takes them.
Idiom::Ids Idiom::choose(const std::function<std::string(const std::string&)>& call, ValueId by,
                         Ids operands, const std::vector<Part>& parameters,
                         const std::vector<Branch>& branches, std::vector<Part> parts,
                         Packing packing) {
  const std::size_t count = operands.size();
  const std::vector<int> taken = packing.operands ? groups({count}) : std::vector<int>{};
  std::vector<int> given = packing.results;
  if (given.empty() && parts.size() > 1) given = groups({parts.size()});
  std::vector<BodyId> bodies;
  for (const Branch& branch : branches)
    bodies.push_back(function(branch.names, parameters, branch.fill, taken, given));
  std::string handed;
  if (count > 0) handed = packing.operands ? tuple_of(1, count) : holes(1, count);
  operands.insert(operands.begin(), by);
  return unpack(call(handed), std::move(operands), std::move(bodies), std::move(parts),
                std::move(packing.results));
}

void Idiom::may_hide(ValueId id) {
  if (id != kNoValue) b_.program().values[static_cast<std::size_t>(id)].sure = 0;
}

Op idiom(std::string name, Category category, double weight, Derivative derivative,
         std::function<void(Idiom&)> write) {
  Op op = written(std::move(name), category, weight, derivative, std::move(write));
  op.traits |= kIdiom;
  return op;
}

Op written(std::string name, Category category, double weight, Derivative derivative,
           std::function<void(Idiom&)> write) {
  Op op{std::move(name), category, weight, derivative};
  op.traits = kWritten;
  op.draw = [write = std::move(write), derivative, name = op.name](Builder& b, Draft& draft) {
    const Op* self = b.catalogue().find(name);
    if (self == nullptr) return false;
    const std::size_t before = b.body_of(b.current()).nodes.size();
    Idiom idiom(b, *self);
    Body& body = b.open_body();
    const std::vector<std::string> names = body.names, summaries = body.summaries;
    try {
      write(idiom);
      draft.placed = true;
      if (body.nodes.size() > before) return true;
    } catch (const Idiom::Failure&) {
    }
    body.names = names, body.summaries = summaries;  // what came to nothing says nothing
    return false;
  };
  return op;
}

}  // namespace jaxsmith::plan
