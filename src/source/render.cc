#include "source/render.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <optional>

#include "plan/scopes.h"
#include "source/commentary.h"
#include "source/dialect.h"
#include "source/expression.h"
#include "source/facts.h"
#include "source/imports.h"
#include "source/inputs.h"
#include "source/layout.h"
#include "source/loops.h"
#include "source/names.h"
#include "source/packs.h"
#include "source/renderer.h"
#include "source/settings.h"
#include "source/simplify.h"
#include "source/spellings.h"
#include "source/style.h"
#include "source/wording.h"

namespace jaxsmith::source {

using plan::Body;
using plan::BodyId;
using plan::Node;
using plan::ValueId;

Renderer::Renderer(const plan::Program& program, const std::string& transformation)
    : program_(program),
      transformation_(transformation),
      random_(Random(program.seed, program.family).fork("style")),
      style_(Style::draw(random_)),
      dialect_(draw_dialect(program.catalogue->vocabulary(), random_.fork("dialect"))),
      origins_(program),
      subjects_(program),
      commentary_(program, style_) {
  // A value that an inner function captures needs a name.
  for (BodyId id = 0; id < static_cast<BodyId>(program_.bodies.size()); ++id) {
    const auto note = [&](ValueId used) {
      if (used >= 0 && value(used).body != id) captured_.insert(used);
    };
    for (const Node& node : body(id).nodes) {
      std::for_each(node.operands.begin(), node.operands.end(), note);
      note_handed_over(node);
    }
    std::for_each(body(id).results.begin(), body(id).results.end(), note);
  }
}

// A function that steps were moved into has their operands' names.
void Renderer::note_handed_over(const Node& call) {
  if (call.bodies.size() != 1 || !plan::begins_with_call(call)) return;
  const Body& called = body(call.bodies[0]);
  if (called.placement != plan::Placement::kHelper ||
      called.parameters.size() != call.operands.size())
    return;
  for (std::size_t k = 0; k < call.operands.size(); ++k) {
    const ValueId given = call.operands[k], taken = called.parameters[k];
    const bool computed = given != plan::kNoValue && subjects_.source_of(given).node != nullptr;
    if (computed && tensor::is_real(value(taken).type.dtype) &&
        value(given).names == value(taken).names)
      computed_.insert(taken);
  }
}

Module Renderer::module() {
  FunctionDefinition entry = define(program_.root, module_names_, 0);
  entry_name_ = entry.name;
  module_.functions.push_back(std::move(entry));
  for (const auto& [constant, text] : program_.constants)
    module_.constants.push_back(Assign{{constant}, parsed(text)});
  roll_loops(module_, random_);
  const bool compiles = program_.devices == 1 && !vocabulary().compiler.empty();
  give_settings(module_, vocabulary(), {annotated(), style_.keyword_only, compiles},
                random_.fork("settings"));
  module_.imports = imports_of(module_, vocabulary());
  return std::move(module_);
}

const plan::Value& Renderer::value(ValueId id) const {
  return program_.values[static_cast<std::size_t>(id)];
}

Expr Renderer::operand(Frame& frame, ValueId id) {
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

void Renderer::write(Frame& frame, std::vector<std::string> targets, Expr e, std::string behind) {
  if (!fits_on_line(targets, e, frame.indentation)) e = named_function(frame, e);
  frame.statements.push_back(Assign{std::move(targets), std::move(e), std::move(behind)});
}

// Whether a body is the entry or stands in it: other functions may be called with other shapes.
bool Renderer::in_entry(plan::BodyId id) const {
  while (id >= 0 && id != program_.root) id = body(id).parent;
  return id == program_.root;
}

// A step with what is said of it, above or behind.
void Renderer::write_step(Frame& frame, const Node& node, const Expr& e, Random& random) {
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
             node.results[0] != plan::kNoValue && value(node.results[0]).type.rank() > 0 &&
             in_entry(value(node.results[0]).body)) {
    const std::string shape = plan::tuple_text(value(node.results[0]).type.shape);
    if (fits_behind(shape)) behind = shape;
  }
  write(frame, to, e, behind);
}

// F(f, …)(x, …) in two steps: what F makes of f is named first.
Expr Renderer::named_function(Frame& frame, const Expr& e) {
  if (e->kind != ExprKind::kCall || e->items[0]->kind != ExprKind::kCall) return e;
  const Expr& maker = e->items[0]->items[0];
  const bool named = maker->kind == ExprKind::kAttribute || maker->kind == ExprKind::kName;
  const std::string made = named ? maker->text : "mapped";
  const auto& given = e->items[0]->items;
  const bool of_name = given.size() > 1 && given[1]->kind == ExprKind::kName;
  Random random = random_.fork("made " + print(e->items[0]));
  const std::string chosen = frame.names.claim(
      names_for_made(vocabulary(), made, of_name ? given[1]->text : std::string(), random));
  frame.statements.push_back(Assign{{chosen}, e->items[0]});
  std::vector<Expr> arguments(e->items.begin() + 1, e->items.end());
  return call(name(chosen), std::move(arguments));
}

// Gives a pending value a name after all.
void Renderer::settle(Frame& frame, ValueId id) {
  const auto p = frame.pending.find(id);
  if (p == frame.pending.end()) return;
  const Expr e = p->second;
  frame.pending.erase(p);
  names_[id] = frame.names.claim(names_for_result(id));
  write(frame, {names_[id]}, e);
}

std::string Renderer::claim_result(Frame& frame, ValueId id) {
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
std::vector<std::string> Renderer::names_for_result(ValueId id) const {
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
std::vector<std::string> Renderer::targets(Frame& frame, const Node& node) {
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
void Renderer::settle_repeated(Frame& frame, const Node& node) {
  const Expr spelling = parsed(node.spelling);
  for (std::size_t i = 0; i < node.operands.size(); ++i) {
    int seen = 0;
    if (repeats_hole(spelling, std::to_string(i), seen)) settle(frame, node.operands[i]);
  }
}

Expr Renderer::expression_of(Frame& frame, const Node& node, const std::vector<Expr>& functions) {
  std::map<std::string, Expr, std::less<>> holes;
  const bool inexact = std::ranges::all_of(node.operands, [&](ValueId id) {
    return id != plan::kNoValue && tensor::is_inexact(value(id).type.dtype);
  });
  Expr spelling = without_ones(parsed(node.spelling), inexact);
  // What an operation is featured for is spelled as it was drawn.
  const plan::Op* op = program_.catalogue->find(node.op);  // none: a call of a function
  if (dialect_ && op && op->has(plan::kWritten))
    spelling = in_dialect(spelling, *dialect_, program_, node);
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
  e = with_joined_factors(substitute(e, holes));
  return style_.long_names ? with_long_names(e, vocabulary()) : e;
}

bool Renderer::may_inline(const Frame&, const Node& node, const Expr& e, Random& random) const {
  if (node.results.size() != 1 || node.results[0] == plan::kNoValue || !node.result_groups.empty())
    return false;
  const ValueId id = node.results[0];
  if (value(id).uses != 1 || captured_.contains(id) || next_of_.contains(id)) return false;
  if (node.bodies.size() > 1 || nesting_depth(e) > style_.nesting) return false;
  if (print(e).size() > 44) return false;
  return random.chance(style_.inline_chance);
}

void Renderer::render_node(Frame& frame, const Node& node) {
  if (node.loop && node.loop->unrolled) return render_loop(frame, node);
  Random random = random_.fork(fmt::format("node {}", node.results.empty() ? 0 : node.results[0]));
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

namespace {

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
