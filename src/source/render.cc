#include "source/render.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <optional>
#include <set>
#include <unordered_map>

#include "source/expression.h"
#include "source/imports.h"
#include "source/inputs.h"
#include "source/layout.h"
#include "source/names.h"

namespace jaxsmith::source {

using plan::Body;
using plan::BodyId;
using plan::Node;
using plan::ValueId;

namespace {

struct Style {
  int nesting = 2;  // how deep calls may nest in one expression
  double inline_chance = 0.8;
  double lambda_chance = 0.4;
  bool annotations = false;
  double docstring_chance = 0.25;
  double summary_chance = 0.4;  // of a docstring where the function has a purpose
  double comment_chance = 0;
  bool long_names = false;  // jax.lax.scan rather than lax.scan

  static Style draw(Random random) {
    Style s;
    s.nesting = static_cast<int>(1 + random.weighted(std::vector<double>{0.35, 0.45, 0.2}));
    s.inline_chance = random.uniform(0.4, 0.95);
    s.lambda_chance = random.uniform(0.1, 0.8);
    s.annotations = random.chance(0.15);
    s.docstring_chance = random.chance(0.3) ? 0.9 : 0.05;
    s.long_names = random.chance(0.15);
    s.summary_chance = random.chance(0.45) ? 0.95 : 0.05;
    s.comment_chance = random.chance(0.4) ? 0.8 : 0;
    return s;
  }
};

// Spellings are few and used millions of times: parsed once a thread.
Expr parsed(const std::string& spelling) {
  constexpr std::size_t kMost = 20000;  // spellings of idioms hold numbers
  thread_local std::unordered_map<std::string, Expr> cache;
  if (cache.size() > kMost) cache.clear();
  auto& slot = cache[spelling];
  if (!slot) {
    auto result = parse_expression(spelling);
    slot = result.ok() ? std::move(result).value() : name(spelling);
  }
  return slot;
}

// "axis=0, keepdims=True" as a sequence to splice; "1" as it is.
Expr parsed_attribute(const std::string& key, const std::string& text) {
  if (text.empty()) return sequence({});
  if (key.starts_with("index")) return parsed("x[" + text + "]")->items[1];
  const Expr wrapped = parsed("f(" + text + ")");
  std::vector<Expr> items(wrapped->items.begin() + 1, wrapped->items.end());
  if (items.size() == 1 && items[0]->kind != ExprKind::kKeyword) return items[0];
  return sequence(std::move(items));
}

Expr with_long_names(const Expr& e, const plan::Vocabulary& words) {
  if (e->kind == ExprKind::kName) {
    if (const auto of = words.attributes_of.find(e->text); of != words.attributes_of.end())
      return std::make_shared<Expression>(
          Expression{ExprKind::kAttribute, e->text, {name(of->second)}});
  }
  Expression copy = *e;
  for (Expr& item : copy.items) {
    if (item) item = with_long_names(item, words);
  }
  return std::make_shared<Expression>(std::move(copy));
}

// Operands that a spelling names more than once may not be written out more than once.
bool repeats_hole(const Expr& e, const std::string& hole, int& seen) {
  if (e->kind == ExprKind::kHole && e->text == hole && ++seen > 1) return true;
  return std::any_of(e->items.begin(), e->items.end(),
                     [&](const Expr& i) { return i && repeats_hole(i, hole, seen); });
}

class Renderer {
 public:
  Renderer(const plan::Program& program, const std::string& transformation)
      : program_(program),
        transformation_(transformation),
        random_(Random(program.seed, program.family).fork("style")),
        style_(Style::draw(random_)) {
    // A value that an inner function captures needs a name.
    for (BodyId id = 0; id < static_cast<BodyId>(program_.bodies.size()); ++id) {
      const auto note = [&](ValueId used) {
        if (used >= 0 && value(used).body != id) captured_.insert(used);
      };
      for (const Node& node : body(id).nodes)
        std::for_each(node.operands.begin(), node.operands.end(), note);
      std::for_each(body(id).results.begin(), body(id).results.end(), note);
    }
  }

  Module module() {
    FunctionDefinition entry = define(program_.root, module_names_, 0);
    entry_name_ = entry.name;
    module_.functions.push_back(std::move(entry));
    for (const auto& [constant, text] : program_.constants)
      module_.constants.push_back(Assign{{constant}, parsed(text)});
    module_.imports = imports_of(module_, program_.catalogue->vocabulary());
    return std::move(module_);
  }

  const std::string& entry_name() const { return entry_name_; }
  const std::vector<std::string>& parameters() const { return entry_parameters_; }
  const std::vector<std::string>& result_names() const { return entry_results_; }

 private:
  struct Frame {
    Names names;
    int indentation = 4;
    std::vector<Statement> statements;
    std::map<ValueId, Expr> pending;  // rendered, not written yet: goes into its only use
  };

  const plan::Value& value(ValueId id) const {
    return program_.values[static_cast<std::size_t>(id)];
  }
  const Body& body(BodyId id) const { return program_.bodies[static_cast<std::size_t>(id)]; }

  Expr operand(Frame& frame, ValueId id) {
    const plan::Value& v = value(id);
    if (!v.literal.empty()) return parsed(v.literal);
    if (const auto p = frame.pending.find(id); p != frame.pending.end()) {
      Expr e = p->second;
      frame.pending.erase(p);
      return e;
    }
    return name(names_.at(id));
  }

  void write(Frame& frame, std::vector<std::string> targets, Expr e) {
    if (!fits_on_line(targets, e, frame.indentation)) e = named_function(frame, e);
    frame.statements.push_back(Assign{std::move(targets), std::move(e)});
  }

  // F(f, …)(x, …) in two steps: what F makes of f is named first.
  Expr named_function(Frame& frame, const Expr& e) {
    if (e->kind != ExprKind::kCall || e->items[0]->kind != ExprKind::kCall) return e;
    const Expr& maker = e->items[0]->items[0];
    const std::string made = maker->kind == ExprKind::kAttribute || maker->kind == ExprKind::kName
                                 ? maker->text
                                 : "mapped";
    const std::string chosen = frame.names.claim({made + "_fn", made + "_of_inner"});
    frame.statements.push_back(Assign{{chosen}, e->items[0]});
    std::vector<Expr> arguments(e->items.begin() + 1, e->items.end());
    return call(name(chosen), std::move(arguments));
  }

  // Gives a pending value a name after all.
  void settle(Frame& frame, ValueId id) {
    const auto p = frame.pending.find(id);
    if (p == frame.pending.end()) return;
    const Expr e = p->second;
    frame.pending.erase(p);
    names_[id] = frame.names.claim(names_for_result(id));
    write(frame, {names_[id]}, e);
  }

  std::string claim_result(Frame& frame, ValueId id) {
    if (id == plan::kNoValue) return "_";
    if (value(id).uses == 0) return "_";
    names_[id] = frame.names.claim(names_for_result(id));
    return names_[id];
  }

  // By its noun; a derivative with respect to a parameter by the parameter's name too:
  // grad_weights.
  std::vector<std::string> names_for_result(ValueId id) const {
    Random random = random_.fork(fmt::format("value {}", id));
    const auto model = names_.find(value(id).named_as);
    if (model != names_.end()) return {value(id).hint + "_" + model->second, "d_" + model->second};
    return source::result_names(value(id), random);
  }

  // Targets of an assignment, nested as the groups say.
  std::vector<std::string> targets(Frame& frame, const Node& node) {
    std::vector<std::string> flat;
    if (std::ranges::all_of(node.results, [](ValueId id) { return id == plan::kNoValue; }))
      return flat;
    for (ValueId id : node.results) flat.push_back(claim_result(frame, id));
    if (node.result_groups.empty()) return flat;
    std::vector<std::string> out;
    std::size_t at = 0;
    for (int group : node.result_groups) {
      if (group == 0) {
        out.push_back(flat[at++]);
        continue;
      }
      std::string text = "(";
      for (int i = 0; i < group; ++i) text += fmt::format("{}{}", i ? ", " : "", flat[at++]);
      out.push_back(text + (group == 1 ? ",)" : ")"));
    }
    if (out.size() == 1 && node.result_groups[0] > 1) return flat;
    return out;
  }

  // Gives operands that the spelling names more than once a name, before anything is tried out.
  void settle_repeated(Frame& frame, const Node& node) {
    const Expr spelling = parsed(node.spelling);
    for (std::size_t i = 0; i < node.operands.size(); ++i) {
      int seen = 0;
      if (repeats_hole(spelling, std::to_string(i), seen)) settle(frame, node.operands[i]);
    }
  }

  Expr expression_of(Frame& frame, const Node& node, const std::vector<Expr>& functions) {
    std::map<std::string, Expr, std::less<>> holes;
    const Expr spelling = parsed(node.spelling);
    for (std::size_t i = 0; i < node.operands.size(); ++i) {
      // The same value twice among the operands is named by `uses`.
      holes[std::to_string(i)] = operand(frame, node.operands[i]);
    }
    for (std::size_t i = 0; i < functions.size(); ++i) holes[fmt::format("f{}", i)] = functions[i];
    Expr e = spelling;
    if (!node.attributes.empty()) {
      std::map<std::string, Expr, std::less<>> attributes;
      for (const auto& [key, text] : node.attributes) attributes[key] = parsed_attribute(key, text);
      e = substitute(e, attributes);  // attributes may hold holes of operands
    }
    e = substitute(e, holes);
    return style_.long_names ? with_long_names(e, program_.catalogue->vocabulary()) : e;
  }

  bool may_inline(const Frame&, const Node& node, const Expr& e, Random& random) const {
    if (node.results.size() != 1 || node.results[0] == plan::kNoValue ||
        !node.result_groups.empty())
      return false;
    const ValueId id = node.results[0];
    if (value(id).uses != 1 || captured_.contains(id)) return false;
    if (node.bodies.size() > 1 || nesting_depth(e) > style_.nesting) return false;
    if (print(e).size() > 44) return false;
    return random.chance(style_.inline_chance);
  }

  void render_node(Frame& frame, const Node& node) {
    Random random =
        random_.fork(fmt::format("node {}", node.results.empty() ? 0 : node.results[0]));
    std::vector<Expr> functions;
    for (std::size_t i = 0; i < node.bodies.size(); ++i)
      functions.push_back(function(frame, node.bodies[i], node.bodies.size() > 1, random));
    settle_repeated(frame, node);
    // An operand that makes the statement too long gets a name of its own first.
    const auto pending = frame.pending;
    Expr e = expression_of(frame, node, functions);
    const std::size_t limit = static_cast<std::size_t>(kLineLength - frame.indentation - 18);
    if (print(e).size() > limit) {
      frame.pending = pending;
      std::vector<ValueId> inner;
      for (ValueId id : node.operands) {
        if (frame.pending.contains(id)) inner.push_back(id);
      }
      std::sort(inner.begin(), inner.end(), [&](ValueId x, ValueId y) {
        return print(frame.pending.at(x)).size() > print(frame.pending.at(y)).size();
      });
      for (ValueId id : inner) {
        settle(frame, id);
        const auto now = frame.pending;
        e = expression_of(frame, node, functions);
        if (print(e).size() <= limit || id == inner.back()) break;
        frame.pending = now;
      }
    }
    if (may_inline(frame, node, e, random)) {
      frame.pending[node.results[0]] = e;
      return;
    }
    if (!node.comment.empty() && random.fork("comment").chance(style_.comment_chance))
      frame.statements.push_back(Comment{node.comment});
    write(frame, targets(frame, node), e);
  }

  // Python for a body used as a value: a function's name, a lambda, or a function that does just
  // that. `several`: it is one of many in the same statement, which leaves little room.
  Expr function(Frame& frame, BodyId id, bool several, Random& random) {
    if (const auto known = function_names_.find(id); known != function_names_.end())
      return name(known->second);
    const Body& b = body(id);
    if (b.placement == plan::Placement::kHelper) {
      FunctionDefinition definition = define(id, module_names_, 0);
      function_names_[id] = definition.name;
      module_.functions.push_back(std::move(definition));
      return name(function_names_[id]);
    }
    FunctionDefinition definition = define(id, frame.names, frame.indentation);
    if (const Expr lambda = as_lambda(definition, several ? 20 : 36, random)) return lambda;
    definition.name =
        frame.names.claim({definition.name, definition.name + "_fn", "inner_" + definition.name});
    function_names_[id] = definition.name;
    const std::string chosen = definition.name;
    frame.statements.push_back(
        Definition{std::make_shared<FunctionDefinition>(std::move(definition))});
    return name(chosen);
  }

  // Null where a def reads better.
  Expr as_lambda(const FunctionDefinition& f, std::size_t longest, Random& random) const {
    if (f.body.size() != 1 || !f.decorators.empty()) return nullptr;
    const auto* ret = std::get_if<Return>(&f.body[0]);
    if (!ret || nesting_depth(ret->value) > 2) return nullptr;
    std::vector<std::string> names;
    for (const Parameter& p : f.parameters) names.push_back(p.name);
    if (ret->value->kind == ExprKind::kCall &&
        random.chance(0.7)) {  // lambda x: jnp.tanh(x) is jnp.tanh
      const auto& items = ret->value->items;
      bool same = items.size() == names.size() + 1;
      for (std::size_t i = 0; same && i < names.size(); ++i)
        same = items[i + 1]->kind == ExprKind::kName && items[i + 1]->text == names[i];
      const auto roots = free_names(items[0]);
      if (same &&
          std::find(names.begin(), names.end(), roots.empty() ? "" : roots[0]) == names.end())
        return items[0];
    }
    if (print(ret->value).size() > longest || !random.chance(style_.lambda_chance)) return nullptr;
    return std::make_shared<Expression>(
        Expression{ExprKind::kLambda, fmt::format("{}", fmt::join(names, ", ")), {ret->value}});
  }

  FunctionDefinition define(BodyId id, Names& outer, int indentation) {
    const Body& b = body(id);
    const bool root = id == program_.root;
    const bool top = root || b.placement == plan::Placement::kHelper;
    Frame frame{Names(top ? &module_names_ : &outer), indentation + 4, {}, {}};
    FunctionDefinition f;
    Random random = random_.fork(fmt::format("body {}", id));
    std::vector<std::string> names;
    bool alone_unused = false;
    for (const auto& given : b.defaults) frame.names.claim({given.first});
    for (std::size_t i = 0; i < b.parameters.size(); ++i) {
      const ValueId p = b.parameters[i];
      const ValueId model = value(p).named_as >= 0 ? value(p).named_as : p;
      Random each = random_.fork(fmt::format("parameter {}", model));
      // Of two parameters that stand alone only one can be called `_`.
      const bool needed = value(p).uses > 0 || (stands_alone(b, i) && alone_unused);
      alone_unused = alone_unused || (!needed && stands_alone(b, i));
      names.push_back(
          needed ? frame.names.claim(parameter_names(value(model), program_.category, top, each))
                 : "_");
      names_[p] = names.back();
    }
    add_parameters(f, b, names, frame, top);
    for (const auto& [given, text] : b.defaults)
      f.parameters.push_back({given, annotated() ? parsed("float") : nullptr, parsed(text)});
    for (const std::string& decorator : b.decorators) {
      std::map<std::string, Expr, std::less<>> holes;
      for (const auto& [other, called] : function_names_)
        holes[std::to_string(other)] = name(called);
      f.decorators.push_back(substitute(parsed(decorator), holes));
    }
    const auto first = std::ranges::find_if(names, [](const auto& n) { return n != "_"; });
    const std::string subject = first == names.end() ? "" : *first;
    f.name =
        top ? module_names_.claim_unshadowed(source::function_names(program_, b, subject, random))
        : b.hint.empty() ? "inner"
                         : b.hint;
    if (top && annotated()) f.returns = return_annotation(b);
    const bool documented = top && random.chance(style_.docstring_chance);
    for (const Node& node : b.nodes) render_node(frame, node);
    std::vector<std::string> result_labels;
    Expr returned = result(frame, b, random, result_labels);
    if (!fits_on_line({"retur"}, returned, frame.indentation))
      returned = named_function(frame, returned);
    frame.statements.push_back(Return{returned});
    const bool has_purpose = top && !b.summaries.empty();
    Random says = random_.fork(fmt::format("summary {}", id));
    if (has_purpose && says.chance(style_.summary_chance))
      f.docstring = summary_of(b, says);
    else if (documented && !has_purpose)
      f.docstring = docstring(with_shapes(names, b.parameters),
                              with_shapes(result_labels, b.results), kLineLength - 10, random);
    if (root) {
      entry_parameters_ = names;
      entry_results_ = result_labels;
    }
    f.body = std::move(frame.statements);
    return f;
  }

  // Whether a parameter is one of the function's own, not a part of a tuple that it unpacks.
  static bool stands_alone(const Body& b, std::size_t parameter) {
    std::size_t at = 0;
    for (const int group : b.parameter_groups) {
      if (parameter < at + static_cast<std::size_t>(std::max(group, 1))) return group == 0;
      at += static_cast<std::size_t>(std::max(group, 1));
    }
    return true;
  }

  // One of the sentences that are true of a function and have room.
  static std::string summary_of(const Body& b, Random& random) {
    std::vector<std::string> fitting;
    for (const std::string& s : b.summaries)
      if (s.size() <= kLineLength - 10) fitting.push_back(s);
    return fitting.empty() ? std::string() : random.pick(fitting);
  }

  void add_parameters(FunctionDefinition& f, const Body& b, const std::vector<std::string>& names,
                      Frame& frame, bool top) {
    const Expr annotation = top && annotated() ? parsed(array_annotation()) : nullptr;
    if (b.parameter_groups.empty()) {
      for (const std::string& n : names) f.parameters.push_back({n, annotation, nullptr});
      return;
    }
    std::size_t at = 0;
    for (int group : b.parameter_groups) {
      if (group == 0) {
        f.parameters.push_back({names[at++], nullptr, nullptr});
        continue;
      }
      const std::string tuple_name = b.decorators.empty()
                                         ? frame.names.claim({"carry", "state", "loop_state"})
                                         : frame.names.claim({"primals", "tangents"});
      f.parameters.push_back({tuple_name, nullptr, nullptr});
      std::vector<std::string> parts(names.begin() + static_cast<std::ptrdiff_t>(at),
                                     names.begin() + static_cast<std::ptrdiff_t>(at) + group);
      at += static_cast<std::size_t>(group);
      if (parts.size() == 1) parts[0] = "(" + parts[0] + ",)";
      frame.statements.push_back(Assign{std::move(parts), name(tuple_name)});
    }
  }

  NamedShapes with_shapes(const std::vector<std::string>& names,
                          const std::vector<ValueId>& ids) const {
    NamedShapes out;
    for (std::size_t i = 0; i < ids.size(); ++i)
      out.emplace_back(names[i], value(ids[i]).type.shape);
    return out;
  }

  const std::string& array_annotation() const {
    return program_.catalogue->vocabulary().annotation;
  }
  bool annotated() const { return style_.annotations && !array_annotation().empty(); }

  Expr return_annotation(const Body& b) const {
    const std::string& array = array_annotation();
    if (b.returns == plan::Returns::kDict) return parsed("dict[str, " + array + "]");
    if (b.returns == plan::Returns::kTuple && b.results.size() > 1)
      return parsed("tuple[" + array + ", ...]");
    return b.result_groups.empty() ? parsed(array) : nullptr;
  }

  Expr result(Frame& frame, const Body& b, Random& random, std::vector<std::string>& labels) {
    std::vector<Expr> items;
    Names keys;
    // A dict's keys and a tuple's labels say what the entries are.
    for (ValueId id : b.results) {
      Random each = random.fork(fmt::format("result {}", id));
      const bool named = value(id).literal.empty() && names_.contains(id);
      labels.push_back(keys.claim(named && b.returns != plan::Returns::kDict
                                      ? std::vector<std::string>{names_.at(id)}
                                      : source::result_names(value(id), each)));
    }
    if (b.results.size() > 1) {
      std::size_t total = 0;
      for (ValueId id : b.results)
        total += frame.pending.contains(id) ? print(frame.pending.at(id)).size() : 8;
      for (ValueId id : b.results) {
        if (total > 56) settle(frame, id);
      }
    }
    for (ValueId id : b.results) items.push_back(operand(frame, id));
    if (b.returns == plan::Returns::kDict) {
      Expression dict{ExprKind::kDict, "", {}};
      for (std::size_t i = 0; i < items.size(); ++i) {
        dict.items.push_back(
            std::make_shared<Expression>(Expression{ExprKind::kString, labels[i], {}}));
        dict.items.push_back(items[i]);
      }
      return std::make_shared<Expression>(std::move(dict));
    }
    if (items.size() == 1 && b.result_groups.empty()) return items[0];
    return tuple(grouped(items, b.result_groups));
  }

  static std::vector<Expr> grouped(const std::vector<Expr>& flat, const std::vector<int>& groups) {
    if (groups.empty()) return flat;
    std::vector<Expr> out;
    std::size_t at = 0;
    for (int group : groups) {
      if (group == 0) {
        out.push_back(flat[at++]);
        continue;
      }
      out.push_back(tuple({flat.begin() + static_cast<std::ptrdiff_t>(at),
                           flat.begin() + static_cast<std::ptrdiff_t>(at) + group}));
      at += static_cast<std::size_t>(group);
    }
    if (out.size() == 1) return out[0]->items;
    return out;
  }

  const plan::Program& program_;
  std::string transformation_;
  Random random_;
  Style style_;
  std::set<ValueId> captured_;
  std::map<ValueId, std::string> names_;
  std::map<BodyId, std::string> function_names_;
  std::set<std::string> ledger_;
  Names module_names_{nullptr, &ledger_};
  Module module_;
  std::string entry_name_;
  std::vector<std::string> entry_parameters_, entry_results_;
};

std::vector<std::string> tags_of(const plan::Program& program) {
  std::set<std::string> tags(program.tags.begin(), program.tags.end());
  for (const Body& body : program.bodies) {
    for (const Node& node : body.nodes) {
      // A call of another body is no entry.
      if (const plan::Op* op = program.catalogue->find(node.op))
        tags.insert(std::string(program.catalogue->profile(op->category).name));
    }
  }
  return {tags.begin(), tags.end()};
}

bool stops_gradients(const plan::Program& program) {
  const auto stops = [&](const Node& node) {
    const plan::Op* op = program.catalogue->find(node.op);
    return op && op->has(plan::kStopsGradient);
  };
  return std::ranges::any_of(
      program.bodies, [&](const Body& body) { return std::ranges::any_of(body.nodes, stops); });
}

}  // namespace

Function render(const plan::Member& member, const FunctionKey& key) {
  const plan::Program& program = member.program;
  Renderer renderer(program, member.transformation);
  Function f;
  f.key = key;
  f.category = program.category;
  f.transformation = member.transformation;
  f.variant = member.variant;
  f.tags = tags_of(program);
  f.stops_gradients = stops_gradients(program);
  f.source = print_module(renderer.module());
  f.entry = renderer.entry_name();
  f.runtime = {program.x64, program.devices};
  const Body& root = program.bodies[static_cast<std::size_t>(program.root)];
  for (std::size_t i = 0; i < root.parameters.size(); ++i) {
    const plan::Value& v = program.values[static_cast<std::size_t>(root.parameters[i])];
    f.arguments.push_back({renderer.parameters()[i], v.type.dtype, v.type.shape, {}});
  }
  for (std::size_t i = 0; i < root.results.size(); ++i) {
    const plan::Value& v = program.values[static_cast<std::size_t>(root.results[i])];
    f.results.push_back({renderer.result_names()[i], v.type.dtype, v.type.shape, {}});
  }
  const auto place = [&](ValueId id) {
    return static_cast<std::size_t>(std::find(root.results.begin(), root.results.end(), id) -
                                    root.results.begin());
  };
  for (const plan::DerivativeOf& d : program.derivatives)
    f.derivatives.push_back({place(d.value), place(d.derivative), d.argument, d.kind, d.seed});
  // JAX flattens a dict in the order of its keys.
  if (root.returns == plan::Returns::kDict) {
    std::sort(f.results.begin(), f.results.end(),
              [](const ArgumentSpec& x, const ArgumentSpec& y) { return x.name < y.name; });
  }
  // Which operations a case leaves inert is measured of those that run on one device.
  const int sets = f.runtime.devices > 1 ? kInputSets : kDrawnCases;
  f.inputs = draw_inputs(program, sets);
  for (std::size_t set = 1; set < f.inputs.size() && sets == kDrawnCases; ++set)
    f.cases.push_back(set);
  return f;
}

std::vector<Function> chunk_functions(const plan::PlanOptions& options, std::uint64_t seed,
                                      std::uint64_t chunk) {
  std::vector<Function> out;
  for (std::uint64_t family = chunk * plan::kFamiliesPerChunk;
       family < (chunk + 1) * plan::kFamiliesPerChunk; ++family) {
    const auto members = plan::plan_family(options, seed, family);
    for (std::size_t m = 0; m < members.size(); ++m)
      out.push_back(render(members[m], {seed, family, static_cast<std::uint32_t>(m)}));
  }
  return out;
}

}  // namespace jaxsmith::source
