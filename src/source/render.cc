#include "source/render.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <optional>
#include <set>

#include "source/commentary.h"
#include "source/docstrings.h"
#include "source/expression.h"
#include "source/facts.h"
#include "source/imports.h"
#include "source/inputs.h"
#include "source/lambda.h"
#include "source/layout.h"
#include "source/loops.h"
#include "source/names.h"
#include "source/nesting.h"
#include "source/packs.h"
#include "source/settings.h"
#include "source/spellings.h"
#include "source/style.h"
#include "source/wording.h"

namespace jaxsmith::source {

using plan::Body;
using plan::BodyId;
using plan::Node;
using plan::ValueId;

namespace {

class Renderer {
 public:
  Renderer(const plan::Program& program, const std::string& transformation)
      : program_(program),
        transformation_(transformation),
        random_(Random(program.seed, program.family).fork("style")),
        style_(Style::draw(random_)),
        origins_(program),
        subjects_(program),
        commentary_(program, style_) {
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
    roll_loops(module_, random_);
    give_settings(module_, vocabulary(), {annotated(), style_.keyword_only, program_.devices == 1},
                  random_.fork("settings"));
    module_.imports = imports_of(module_, vocabulary());
    return std::move(module_);
  }

  const std::string& entry_name() const { return entry_name_; }
  // Of the root, in the order in which JAX takes its arguments and its results apart: positions of
  // its parameters and results.
  const std::vector<std::size_t>& argument_order() const { return argument_order_; }
  const std::vector<std::size_t>& result_order() const { return result_order_; }
  // By position: "params['w']".
  const std::vector<std::string>& parameters() const { return entry_parameters_; }
  const std::vector<std::string>& result_names() const { return entry_results_; }
  const std::string& argument_tree() const { return argument_tree_; }

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
    if (const auto element = elements_.find(id); element != elements_.end()) return element->second;
    return name(names_.at(id));
  }

  void write(Frame& frame, std::vector<std::string> targets, Expr e, std::string behind = {}) {
    if (!fits_on_line(targets, e, frame.indentation)) e = named_function(frame, e);
    frame.statements.push_back(Assign{std::move(targets), std::move(e), std::move(behind)});
  }

  // A step with what is said of it, above or behind.
  void write_step(Frame& frame, const Node& node, const Expr& e, Random& random) {
    std::string behind;
    if (commentary_.shows(node, random.fork("comment"))) {
      frame.statements.push_back(Comment{node.comment});
      return write(frame, targets(frame, node), e);
    }
    const auto room = static_cast<std::size_t>(kLineLength - frame.indentation - 2);
    const std::string reason = commentary_.reason(node, e, room, random.fork("reason"));
    const std::vector<std::string> to = targets(frame, node);
    const auto fits_behind = [&](const std::string& text) {
      return fits_on_line(to, e, frame.indentation + static_cast<int>(text.size()) + 4);
    };
    if (!reason.empty() && reason.size() < 50 && fits_behind(reason) &&
        random.fork("behind").chance(style_.trailing_chance)) {
      behind = reason.substr(0, reason.size() - 1);  // no sentence there
    } else if (!reason.empty()) {
      frame.statements.push_back(Comment{reason});
    } else if (style_.shape_comments && node.results.size() == 1 && to.size() == 1 &&
               node.results[0] != plan::kNoValue && value(node.results[0]).type.rank() > 0) {
      const std::string shape = plan::tuple_text(value(node.results[0]).type.shape);
      if (fits_behind(shape)) behind = shape;
    }
    write(frame, to, e, behind);
  }

  // F(f, …)(x, …) in two steps: what F makes of f is named first.
  Expr named_function(Frame& frame, const Expr& e) {
    if (e->kind != ExprKind::kCall || e->items[0]->kind != ExprKind::kCall) return e;
    const Expr& maker = e->items[0]->items[0];
    const bool named = maker->kind == ExprKind::kAttribute || maker->kind == ExprKind::kName;
    const std::string made = named ? maker->text : "mapped";
    const auto& given = e->items[0]->items;
    const bool of_name = given.size() > 1 && given[1]->kind == ExprKind::kName;
    Random random = random_.fork("made " + print(e->items[0]));
    const std::string chosen =
        frame.names.claim(names_for_made(made, of_name ? given[1]->text : std::string(), random));
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
    if (const auto next = next_of_.find(id); next != next_of_.end()) {
      const std::string& carry = names_.at(next->second);
      if (!awaited(frame, carry)) return names_[id] = carry;
    }
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
    // What a function of the module gives is called as it is there.
    if (const ValueId there = subjects_.as_called(id); there != plan::kNoValue) {
      std::vector<std::string> out = names_for_result(there);
      if (const auto found = names_.find(there); found != names_.end())
        out.insert(out.begin(), found->second);
      return out;
    }
    return subjects_.names_for(id, names_, random);
  }

  // Targets of an assignment, nested as the groups say.
  std::vector<std::string> targets(Frame& frame, const Node& node) {
    std::vector<std::string> flat;
    if (std::ranges::all_of(node.results, [](ValueId id) { return id == plan::kNoValue; }))
      return flat;
    for (std::size_t i = 0; i < node.results.size();) {
      const plan::Packed* packed = plan::packed_at(node.packed_results, i);
      flat.push_back(packed ? claim_pack(frame, node, *packed)
                            : claim_result(frame, node.results[i]));
      i += packed ? members_of(*packed).size() : 1;
    }
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
      const plan::Packed* packed = plan::packed_at(node.packed_operands, i);
      holes[std::to_string(i)] =
          packed ? together(frame, node.operands, *packed) : operand(frame, node.operands[i]);
      if (!packed) continue;
      for (const std::size_t last = i + members_of(*packed).size() - 1; i < last;)
        holes[std::to_string(++i)] = sequence({});
    }
    for (std::size_t i = 0; i < functions.size(); ++i) holes[fmt::format("f{}", i)] = functions[i];
    Expr e = spelling;
    if (!node.attributes.empty()) {
      std::map<std::string, Expr, std::less<>> attributes;
      for (const auto& [key, text] : node.attributes) attributes[key] = parsed_attribute(key, text);
      e = substitute(e, attributes);  // attributes may hold holes of operands
    }
    e = substitute(e, holes);
    return style_.long_names ? with_long_names(e, vocabulary()) : e;
  }

  bool may_inline(const Frame&, const Node& node, const Expr& e, Random& random) const {
    if (node.results.size() != 1 || node.results[0] == plan::kNoValue ||
        !node.result_groups.empty())
      return false;
    const ValueId id = node.results[0];
    if (value(id).uses != 1 || captured_.contains(id) || next_of_.contains(id)) return false;
    if (node.bodies.size() > 1 || nesting_depth(e) > style_.nesting) return false;
    if (print(e).size() > 44) return false;
    return random.chance(style_.inline_chance);
  }

  void render_node(Frame& frame, const Node& node) {
    if (node.loop && node.loop->unrolled) return render_loop(frame, node);
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
    const bool remarkable = commentary_.shows(node, random.fork("comment"));
    if (may_inline(frame, node, e, random) && !remarkable) {
      frame.pending[node.results[0]] = e;
      return;
    }
    write_step(frame, node, e, random);
  }

  // ---- Loops of Python's

  // Whether a name is in an expression that is not written yet.
  static bool awaited(const Frame& frame, const std::string& name) {
    return std::ranges::any_of(frame.pending, [&](const auto& p) {
      return std::ranges::count(free_names(p.second), name) > 0;
    });
  }

  // What a loop goes over, and what it calls each: a counter, a slice, or several at once.
  std::pair<std::vector<std::string>, Expr> header_of(Frame& frame, const Node& node) {
    const plan::Loop& loop = *node.loop;
    const Body& step = body(node.bodies[0]);
    const auto target = [&](ValueId p) {
      Random random = random_.fork(fmt::format("parameter {}", p));
      const bool needed = value(p).uses > 0;
      return names_[p] = needed ? frame.names.claim(words_for_parameter(p, false, random)) : "_";
    };
    if (node.operands.size() == loop.carries) {
      std::vector<Expr> bounds = {number(std::to_string(loop.last))};
      if (loop.first != 0) bounds.insert(bounds.begin(), number(std::to_string(loop.first)));
      return {{loop.counts ? target(step.parameters[0]) : "_"},
              call(name("range"), std::move(bounds))};
    }
    std::vector<std::string> targets;
    std::vector<Expr> over;
    for (std::size_t i = loop.carries; i < node.operands.size(); ++i) {
      if (const auto p = frame.pending.find(node.operands[i]);
          p != frame.pending.end() && print(p->second).size() > 24)
        settle(frame, node.operands[i]);
      over.push_back(operand(frame, node.operands[i]));
      targets.push_back(target(step.parameters[i]));
    }
    return {std::move(targets), over.size() == 1 ? over[0] : call(name("zip"), std::move(over))};
  }

  // Gives what a loop carries a name, and its first value: that of a value which nothing else needs
  // may go on.
  void begin_carry(Frame& frame, ValueId init, ValueId parameter, BodyId within) {
    Random random = random_.fork(fmt::format("parameter {}", parameter));
    const bool own = value(init).body == within && value(init).uses == 1 && names_.contains(init) &&
                     !frame.pending.contains(init) && !captured_.contains(init) &&
                     !elements_.contains(init);
    if (own && random.chance(0.5)) {
      names_[parameter] = names_.at(init);
      return;
    }
    const Expr first = operand(frame, init);
    names_[parameter] = frame.names.claim(words_for_parameter(parameter, false, random));
    write(frame, {names_.at(parameter)}, first);
  }

  // The last step at which a value of a loop's body is read, by place; results are read after all.
  std::size_t last_read(const Body& step, ValueId id) const {
    if (std::ranges::count(step.results, id) > 0) return step.nodes.size();
    std::size_t last = 0;
    for (std::size_t n = 0; n < step.nodes.size(); ++n)
      if (reads(step.nodes[n], id)) last = n;
    return last;
  }
  bool reads(const Node& node, ValueId id) const {
    return std::ranges::count(node.operands, id) > 0 ||
           std::ranges::any_of(node.bodies, [&](BodyId inner) {
             const Body& b = body(inner);
             return std::ranges::count(b.results, id) > 0 ||
                    std::ranges::any_of(b.nodes, [&](const Node& n) { return reads(n, id); });
           });
  }

  // Results that can take the carry's name at once, as nothing reads its old value any more.
  void note_next(const Body& step, std::size_t carries, std::size_t first_parameter) {
    for (std::size_t i = 0; i < carries; ++i) {
      const ValueId next = step.results[i], carry = step.parameters[first_parameter + i];
      if (value(next).uses != 1 || captured_.contains(next)) continue;
      for (std::size_t n = 0; n < step.nodes.size(); ++n)
        if (std::ranges::count(step.nodes[n].results, next) > 0 && last_read(step, carry) <= n)
          next_of_[next] = carry;
    }
  }

  // What a turn ends with: elements of what is stacked, then the next carries, all at once.
  void end_turn(Frame& frame, const Body& step, const std::vector<std::string>& carried,
                const std::vector<std::string>& lists) {
    for (std::size_t i = 0; i < lists.size(); ++i) {
      if (lists[i].empty()) continue;
      const Expr element = operand(frame, step.results[carried.size() + i]);
      frame.statements.push_back(Evaluate{call(name(lists[i] + ".append"), {element})});
    }
    std::vector<std::string> targets;
    std::vector<ValueId> next;
    for (std::size_t i = 0; i < carried.size(); ++i) {
      const auto known = names_.find(step.results[i]);
      if (!frame.pending.contains(step.results[i]) && known != names_.end() &&
          known->second == carried[i])
        continue;
      targets.push_back(carried[i]);
      next.push_back(step.results[i]);
    }
    if (targets.empty()) return;
    std::size_t total = 0;
    for (const ValueId id : next)
      total += frame.pending.contains(id) ? print(frame.pending.at(id)).size() : 8;
    std::vector<Expr> values;
    for (const ValueId id : next) {
      if (next.size() > 1 && total > 50) settle(frame, id);
      values.push_back(operand(frame, id));
    }
    write(frame, std::move(targets), values.size() == 1 ? values[0] : tuple(values));
  }

  // [f(x) for x in xs], where a turn gives an element of one list and does nothing else.
  static Expr as_comprehension(const std::vector<Statement>& turn,
                               const std::vector<std::string>& targets, const Expr& over,
                               std::size_t carries) {
    const auto* only = turn.size() == 1 && carries == 0 ? std::get_if<Evaluate>(&turn[0]) : nullptr;
    if (only == nullptr) return nullptr;
    const Expr& element = only->value->items[1];  // of list.append(element)
    return std::make_shared<Expression>(Expression{
        ExprKind::kComprehension, fmt::format("{}", fmt::join(targets, ", ")), {element, over}});
  }

  void render_loop(Frame& frame, const Node& node) {
    const plan::Loop& loop = *node.loop;
    const Body& step = body(node.bodies[0]);
    const std::size_t first = loop.counts ? 1 : 0;
    Random random = random_.fork(fmt::format("loop {}", node.bodies[0]));
    if (commentary_.shows(node, random.fork("comment")))
      frame.statements.push_back(Comment{node.comment});
    const std::string& stack = vocabulary().stack;
    std::vector<std::string> carried, lists;  // where nothing is stacked: no name
    for (std::size_t i = 0; i < loop.carries; ++i) {
      begin_carry(frame, node.operands[i], step.parameters[first + i], step.parent);
      carried.push_back(names_.at(step.parameters[first + i]));
    }
    for (std::size_t i = loop.carries; i < node.results.size(); ++i) {
      lists.push_back(node.results[i] == plan::kNoValue || value(node.results[i]).uses == 0
                          ? std::string()
                          : claim_result(frame, node.results[i]));
      if (!lists.back().empty()) frame.statements.push_back(Assign{{lists.back()}, parsed("[]")});
    }
    auto [targets, over] = header_of(frame, node);
    note_next(step, loop.carries, first);
    Frame inner{std::move(frame.names), frame.indentation + 4, {}, {}};
    for (const Node& each : step.nodes) render_node(inner, each);
    end_turn(inner, step, carried, lists);
    frame.names = std::move(inner.names);
    if (const Expr all = as_comprehension(inner.statements, targets, over, loop.carries)) {
      frame.statements.pop_back();  // the empty list
      write(frame, {lists[0]}, call(parsed(stack), {all}));
      return;
    }
    auto turn = std::make_shared<Block>(Block{std::move(inner.statements)});
    frame.statements.push_back(For{std::move(targets), std::move(over), std::move(turn)});
    for (std::size_t i = 0; i < loop.carries; ++i)
      if (node.results[i] != plan::kNoValue) names_[node.results[i]] = carried[i];
    for (std::size_t i = 0; i < lists.size(); ++i) {
      if (lists[i].empty()) continue;
      write(frame, {lists[i]}, call(parsed(stack), {name(lists[i])}));
    }
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
    if (const Expr lambda = as_lambda(definition, several ? 20 : 36, style_.lambda_chance, random))
      return lambda;
    definition.name =
        frame.names.claim({definition.name, definition.name + "_fn", "inner_" + definition.name});
    function_names_[id] = definition.name;
    const std::string chosen = definition.name;
    frame.statements.push_back(
        Definition{std::make_shared<FunctionDefinition>(std::move(definition))});
    return name(chosen);
  }

  // A module has either letters or words where an argument goes by both.
  std::vector<std::string> words_for_parameter(ValueId model, bool top, Random& random) const {
    std::vector<std::string> words = parameter_names(value(model), program_.category, top, random);
    const auto roles =
        static_cast<std::ptrdiff_t>(std::min(words.size(), value(model).names.size()));
    std::stable_partition(words.begin(), words.begin() + roles, [&](const std::string& word) {
      return (word.size() <= 2) == style_.short_names;
    });
    return words;
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
      // Of parameters that stand alone and are not needed only one can be called `_`.
      const bool needed = value(p).uses > 0, alone = stands_alone(b, i);
      std::vector<std::string> words = words_for_parameter(model, top, each);
      if (!needed)
        for (std::string& word : words) word.insert(0, "_");
      const bool named = needed || (alone && alone_unused);
      alone_unused = alone_unused || (!named && alone);
      names.push_back(named ? frame.names.claim(words) : "_");
      names_[p] = names.back();
    }
    add_parameters(f, b, names, frame, top);
    for (const auto& [given, text] : b.defaults) {
      const char* type = text.find_first_of(".e") == std::string::npos ? "int" : "float";
      f.parameters.push_back({given, annotated() ? parsed(type) : nullptr, parsed(text),
                              style_.keyword_only && top && b.decorators.empty()});
    }
    for (const std::string& decorator : b.decorators) {
      std::map<std::string, Expr, std::less<>> holes;
      for (const auto& [other, called] : function_names_)
        holes[std::to_string(other)] = name(called);
      f.decorators.push_back(substitute(parsed(decorator), holes));
    }
    const auto first = std::ranges::find_if(names, [](const auto& n) { return n[0] != '_'; });
    const std::string subject = first == names.end() ? "" : *first;
    // A name that has another function's in it is given once that one has its own.
    const bool by_another = top && std::ranges::any_of(b.names, [](const std::string& word) {
                              return word.find('$') != std::string::npos;
                            });
    if (!by_another) f.name = name_of(b, top, subject, random);
    if (top && annotated()) f.returns = annotation_of_results(b, vocabulary());
    Random says = random_.fork(fmt::format("summary {}", id));
    for (const Node& node : b.nodes) render_node(frame, node);
    std::vector<std::string> result_labels;
    Expr returned = result(frame, b, random, result_labels);
    if (!fits_on_line({"retur"}, returned, frame.indentation))
      returned = named_function(frame, returned);
    frame.statements.push_back(Return{returned});
    if (by_another) f.name = name_of(b, top, subject, random);
    if (top) f.docstring = said_of(b, names, result_labels, says);
    if (root) {
      describe_arguments(b, names);
      describe_results(b, result_labels);
    }
    if (root && !result_class_.empty() && f.returns) f.returns = name(result_class_);
    f.body = std::move(frame.statements);
    return f;
  }

  std::string name_of(const Body& b, bool top, const std::string& subject, Random& random) {
    if (!top) return b.hint.empty() ? "inner" : b.hint;
    std::vector<std::string> words;
    for (const std::string& word : source::function_names(program_, b, subject, random)) {
      const auto said = filled(word, {}, function_names_);
      if (said && said->size() <= 32) words.push_back(*said);
    }
    return module_names_.claim_unshadowed(words);
  }

  std::string said_of(const Body& b, const std::vector<std::string>& names,
                      const std::vector<std::string>& labels, Random& random) const {
    if (!random.chance(b.summaries.empty() ? style_.docstring_chance : style_.summary_chance))
      return {};
    const bool entry = &b == &body(program_.root);
    Purpose purpose{{}, with_types(shown(b, names), b.parameters), with_types(labels, b.results)};
    for (const std::string& sentence : b.summaries)
      if (const auto said = filled(sentence, shown(b, names), function_names_))
        purpose.summaries.push_back(*said);
    return docstring(purpose, entry ? style_.sections : Sections::kNone, array_annotation(),
                     kLineLength - 4, random);
  }

  void add_parameters(FunctionDefinition& f, const Body& b, const std::vector<std::string>& names,
                      Frame& frame, bool top) {
    const Expr annotation = top && annotated() ? parsed(array_annotation()) : nullptr;
    const bool shown = style_.argument_shapes && top && names.size() > 1;
    const std::vector<std::string> comments = shapes_of(program_, b.parameters, shown);
    if (b.takes_packs) return add_packs(f, b, names, frame, annotation, comments);
    if (b.parameter_groups.empty()) {
      for (std::size_t i = 0; i < names.size(); ++i)
        f.parameters.push_back({names[i], annotation, nullptr, false, comments[i]});
      return;
    }
    std::size_t at = 0;
    for (int group : b.parameter_groups) {
      if (group == 0) {
        f.parameters.push_back({names[at++], nullptr, nullptr});
        continue;
      }
      const plan::Packed* packed = plan::packed_at(b.packed_parameters, at);
      if (packed) {
        const std::string whole =
            frame.names.claim({program_.packs[packed->pack].names.front(), "carry", "current"});
        f.parameters.push_back({whole, nullptr, nullptr});
        const auto first = b.parameters.begin() + static_cast<std::ptrdiff_t>(at);
        wholes_[*first] = name(whole);
        const PackForm& form = forms_.at(packed->pack);
        take_apart(frame, {first, first + group}, whole_of(form), name(whole), form.unpacked,
                   {names.begin() + static_cast<std::ptrdiff_t>(at),
                    names.begin() + static_cast<std::ptrdiff_t>(at) + group});
        at += static_cast<std::size_t>(group);
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

  // The parameters as the body reads them.
  std::vector<std::string> shown(const Body& b, std::vector<std::string> names) const {
    for (std::size_t i = 0; i < names.size(); ++i)
      if (const auto found = elements_.find(b.parameters[i]); found != elements_.end())
        names[i] = print(found->second);
    return names;
  }

  NamedTypes with_types(const std::vector<std::string>& names,
                        const std::vector<ValueId>& ids) const {
    NamedTypes out;
    for (std::size_t i = 0; i < ids.size(); ++i) out.emplace_back(names[i], value(ids[i]).type);
    return out;
  }

  const plan::Vocabulary& vocabulary() const { return program_.catalogue->vocabulary(); }
  const std::string& array_annotation() const { return vocabulary().annotation; }
  // All parameters of a module are annotated or none: also where a pack says its class.
  bool annotated() const {
    const bool says_class =
        style_.annotated_packs && std::ranges::any_of(program_.packs, [](const plan::Pack& pack) {
          return has_class(pack.container);
        });
    return (style_.annotations || says_class) && !array_annotation().empty();
  }

  // ---- Packs

  const std::vector<std::size_t>& members_of(const plan::Packed& packed) const {
    return program_.packs[packed.pack].members;
  }

  // Of parameters of a function within, as it would call them.
  std::vector<std::string> names_of(const std::vector<ValueId>& ids) const {
    Names names;
    std::vector<std::string> out;
    for (const ValueId id : ids) {
      Random random = random_.fork(fmt::format("parameter {}", id));
      out.push_back(names.claim(words_for_parameter(id, false, random)));
    }
    return out;
  }

  // Values that stand as one: what they came in, or a new pack of them.
  Expr together(Frame& frame, const std::vector<ValueId>& values, const plan::Packed& packed) {
    if (const auto origin = origins_.of(values, packed)) return wholes_.at(*origin);
    std::vector<Expr> members;
    for (std::size_t i = 0; i < members_of(packed).size(); ++i)
      members.push_back(operand(frame, values[packed.first + i]));
    return pack_of(forms_.at(packed.pack), members);
  }

  // The pack's names in every function of the module: those of the arguments where it is first met.
  const PackForm& form_of(std::size_t pack, const Body& b, const std::vector<ValueId>& ids,
                          const std::vector<std::string>& fields,
                          const std::vector<std::string>& shapes) {
    if (const auto known = forms_.find(pack); known != forms_.end()) return known->second;
    const plan::Pack& planned = program_.packs[pack];
    Random random = random_.fork(fmt::format("pack {}", pack));
    PackForm form{
        planned.container, planned.models.empty() ? fields : names_of(planned.models), {}, false};
    if (form.container == plan::Container::kNamedTuple && !named_tuple_may_have(form.fields))
      form.container = plan::Container::kDict;
    form.unpacked = form.container == plan::Container::kTuple || random.chance(0.6);
    const ClaimClass claim = [&](const std::string& word) {
      return module_names_.claim_unshadowed({word, word + "Fields"});
    };
    form.parts = nested_parts(program_, b, ids, form, planned.names.front(), random, claim);
    if (has_class(form.container)) form.class_name = claim(class_name_of(planned.names.front()));
    for (auto& each : classes_of(form, vocabulary(), shapes))
      module_.classes.push_back(std::move(each));
    return forms_.emplace(pack, std::move(form)).first->second;
  }

  void add_packs(FunctionDefinition& f, const Body& b, const std::vector<std::string>& names,
                 Frame& frame, const Expr& annotation, const std::vector<std::string>& comments) {
    for (const plan::Unit& unit : plan::units_of(program_, b.parameters.size())) {
      if (!unit.pack) {
        const std::size_t at = unit.members[0];
        f.parameters.push_back({names[at], annotation, nullptr, false, comments[at]});
        continue;
      }
      std::vector<std::string> fields;
      std::vector<ValueId> ids;
      for (const std::size_t m : unit.members) {
        fields.push_back(names[m]);
        ids.push_back(b.parameters[m]);
      }
      // What is mapped over has other shapes elsewhere.
      const bool shown = style_.field_shapes && transformation_ != "vmap";
      const PackForm& form = form_of(*unit.pack, b, ids, fields, shapes_of(program_, ids, shown));
      const std::string whole = frame.names.claim(program_.packs[*unit.pack].names);
      f.parameters.push_back(
          {whole, annotation ? annotation_of(form, vocabulary()) : nullptr, nullptr});
      wholes_[ids[0]] = name(whole);
      take_apart(frame, ids, whole_of(form), wholes_.at(ids[0]), form.unpacked, fields);
    }
  }

  // Gives the elements that are read by themselves names, or says how they are read; containers
  // within are named first where elements are.
  void take_apart(Frame& frame, const std::vector<ValueId>& ids, const Nest& at, const Expr& whole,
                  bool unpacked, const std::vector<std::string>& names) {
    std::vector<std::string> targets, all;
    std::vector<Expr> elements;
    for (std::size_t i = 0; i < at.parts.size(); ++i) {
      const std::vector<std::size_t> members = source::members_of(at.parts[i]);
      const Expr element = part_of(at, whole, i);
      all.push_back("_");
      if (std::ranges::none_of(members, [&](std::size_t m) { return origins_.read_alone(ids[m]); }))
        continue;
      if (!at.parts[i].is_member()) {
        if (!unpacked) {
          take_apart(frame, ids, at.parts[i], element, false, names);
          continue;
        }
        const std::string& field = at.parts[i].field;
        all.back() = frame.names.claim({field, field + "_" + print(whole)});
      } else if (const ValueId id = ids[members[0]]; !unpacked && value(id).uses <= 2) {
        elements_[id] = element;
        continue;
      } else {
        all.back() = names[members[0]];  // what is read again and again has a name
      }
      targets.push_back(all.back());
      elements.push_back(element);
    }
    name_elements(frame, at.container, whole, targets, all, elements);
    for (std::size_t i = 0; i < at.parts.size(); ++i)
      if (!at.parts[i].is_member() && unpacked && all[i] != "_")
        take_apart(frame, ids, at.parts[i], name(all[i]),
                   at.parts[i].container == plan::Container::kTuple && !at.parts[i].list, names);
  }

  void name_elements(Frame& frame, plan::Container container, const Expr& whole,
                     const std::vector<std::string>& targets, const std::vector<std::string>& all,
                     const std::vector<Expr>& elements) {
    if (targets.empty()) return;
    const bool sequence =
        container == plan::Container::kTuple || (container == plan::Container::kNamedTuple &&
                                                 targets.size() == all.size() && all.size() <= 4);
    if (sequence) {
      frame.statements.push_back(Assign{all, whole});
      return;
    }
    const Expr together = elements.size() == 1 ? elements[0] : tuple(elements);
    if (fits_on_line(targets, together, frame.indentation) && targets.size() <= 4) {
      frame.statements.push_back(Assign{targets, together});
      return;
    }
    for (std::size_t i = 0; i < targets.size(); ++i)
      frame.statements.push_back(Assign{{targets[i]}, elements[i]});
  }

  // A name for results that arrive as one: grads, updated_params.
  std::string claim_pack(Frame& frame, const Node& node, const plan::Packed& packed) {
    const auto first = node.results.begin() + static_cast<std::ptrdiff_t>(packed.first);
    const std::vector<ValueId> ids(first,
                                   first + static_cast<std::ptrdiff_t>(members_of(packed).size()));
    const auto read = [&](ValueId id) { return id != plan::kNoValue && value(id).uses > 0; };
    const auto some = std::ranges::find_if(ids, read);
    if (some == ids.end()) return "_";
    // What a loop ends with has the names of its carry.
    const std::string& hint = value(*some).hint;
    const bool loop = !node.bodies.empty() && hint != "grad";
    std::vector<std::string> candidates;
    for (const std::string& whole : program_.packs[packed.pack].names)
      candidates.push_back((loop ? "final_" : hint + "_") + whole);
    if (node.packed_results.size() == 1 && hint == "grad")
      candidates.insert(candidates.begin(), "grads");
    const std::string chosen = frame.names.claim(candidates);
    if (ids[0] != plan::kNoValue) wholes_[ids[0]] = name(chosen);
    for (std::size_t i = 0; i < ids.size(); ++i) {
      const ValueId id = ids[i];
      if (!read(id)) continue;
      names_[id] = names_for_result(id).front();  // what it is called where results are listed
      elements_[id] = element_of(forms_.at(packed.pack), name(chosen), i);
    }
    return chosen;
  }

  // How the root takes its arguments: their paths, their order, and what they are put into.
  void describe_arguments(const Body& b, const std::vector<std::string>& names) {
    entry_parameters_ = names;
    std::vector<Expr> items;
    std::vector<plan::Unit> units;
    if (b.takes_packs) {
      units = plan::units_of(program_, b.parameters.size());
    } else {
      for (std::size_t i = 0; i < names.size(); ++i) units.push_back({std::nullopt, {i}});
    }
    for (const plan::Unit& unit : units) {
      if (!unit.pack) {
        items.push_back(number(std::to_string(argument_order_.size())));
        argument_order_.push_back(unit.members[0]);
        continue;
      }
      const PackForm& form = forms_.at(*unit.pack);
      std::vector<Expr> members(unit.members.size());
      for (const std::size_t m : leaf_order(form)) {
        const std::size_t position = unit.members[m];
        members[m] = number(std::to_string(argument_order_.size()));
        entry_parameters_[position] =
            path_of(form, print(wholes_.at(b.parameters[unit.members[0]])), m);
        argument_order_.push_back(position);
      }
      items.push_back(pack_of(form, members));
    }
    argument_tree_ = print(tuple(items));
  }

  void describe_results(const Body& b, const std::vector<std::string>& labels) {
    entry_results_ = labels;
    for (std::size_t i = 0; i < b.results.size();) {
      const plan::Packed* packed = plan::packed_at(b.packed_results, i);
      const std::size_t count = packed ? members_of(*packed).size() : 1;
      for (std::size_t k = 0; k < count; ++k)
        result_order_.push_back(i + (packed ? leaf_order(forms_.at(packed->pack))[k] : 0));
      i += count;
    }
    // JAX flattens a dict in the order of its keys.
    if (b.returns == plan::Returns::kDict && result_class_.empty())
      std::ranges::sort(result_order_,
                        [&](std::size_t x, std::size_t y) { return labels[x] < labels[y]; });
  }

  bool named_results(const Body& b, const std::vector<std::string>& labels) const {
    return &b == &body(program_.root) && style_.named_results && vocabulary().containers &&
           named_tuple_may_have(labels);
  }

  // A named tuple of the results, in the place of a dict.
  Expr class_of_results(const Body& b, const std::vector<std::string>& labels,
                        const std::vector<Expr>& items) {
    PackForm form{plan::Container::kNamedTuple, labels, {}, false};
    Random random = random_.fork("results");
    std::vector<std::string> candidates = {"Outputs", "Result", "Summary"};
    random.shuffle(candidates);
    result_class_ = form.class_name = module_names_.claim_unshadowed(candidates);
    for (auto& each :
         classes_of(form, vocabulary(), shapes_of(program_, b.results, style_.field_shapes)))
      module_.classes.push_back(std::move(each));
    return pack_of(form, items);
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
                                      : subjects_.names_for(id, names_, each)));
    }
    if (b.results.size() > 1) {
      std::size_t total = 0;
      for (ValueId id : b.results)
        total += frame.pending.contains(id) ? print(frame.pending.at(id)).size() : 8;
      for (ValueId id : b.results) {
        if (total > 56) settle(frame, id);
      }
    }
    for (std::size_t i = 0; i < b.results.size();) {
      const plan::Packed* packed = plan::packed_at(b.packed_results, i);
      items.push_back(packed ? together(frame, b.results, *packed) : operand(frame, b.results[i]));
      i += packed ? members_of(*packed).size() : 1;
    }
    if (b.returns == plan::Returns::kDict && named_results(b, labels))
      return class_of_results(b, labels, items);
    if (b.returns == plan::Returns::kDict)
      return pack_of({plan::Container::kDict, labels, {}, false}, items);
    if (items.size() == 1 && b.result_groups.empty()) return items[0];
    return tuple(grouped(items, b.result_groups));
  }

  const plan::Program& program_;
  std::string transformation_;
  Random random_;
  Style style_;
  plan::Origins origins_;
  Subjects subjects_;
  Commentary commentary_;
  std::set<ValueId> captured_;
  std::map<ValueId, std::string> names_;
  // Results of a loop's step that take the name of what is carried.
  std::map<ValueId, ValueId> next_of_;
  std::map<BodyId, std::string> function_names_;
  std::set<std::string> ledger_;
  Names module_names_{nullptr, &ledger_};
  Module module_;
  std::string entry_name_;
  std::vector<std::string> entry_parameters_, entry_results_;
  std::vector<std::size_t> argument_order_, result_order_;
  std::string argument_tree_, result_class_;
  std::map<std::size_t, PackForm> forms_;  // by pack
  std::map<ValueId, Expr> wholes_;         // by the first of the values that come as one
  std::map<ValueId, Expr> elements_;       // of packs, which have no names of their own
};

template <class T>
std::size_t place(const std::vector<T>& among, const T& item) {
  return static_cast<std::size_t>(std::find(among.begin(), among.end(), item) - among.begin());
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
  const auto spec = [&](ValueId id, const std::string& name) {
    const plan::Value& v = program.values[static_cast<std::size_t>(id)];
    return ArgumentSpec{name, v.type.dtype, v.type.shape, {}};
  };
  f.argument_tree = renderer.argument_tree();
  for (const std::size_t i : renderer.argument_order())
    f.arguments.push_back(spec(root.parameters[i], renderer.parameters()[i]));
  for (const std::size_t i : renderer.result_order())
    f.results.push_back(spec(root.results[i], renderer.result_names()[i]));
  // Where an argument, or a result, of the plan stands among the leaves.
  const auto argument = [&](std::size_t position) {
    return place(renderer.argument_order(), position);
  };
  const auto result = [&](ValueId id) {
    return place(renderer.result_order(), place(root.results, id));
  };
  for (const plan::DerivativeOf& d : program.derivatives)
    f.derivatives.push_back({result(d.value), result(d.derivative), argument(d.argument), d.kind,
                             d.seed ? std::optional(argument(*d.seed)) : std::nullopt});
  draw_cases(program, renderer.argument_order(), f);
  return f;
}

}  // namespace jaxsmith::source
