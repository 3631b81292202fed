#include "source/renderer.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <string_view>

#include "source/docstrings.h"
#include "source/expression.h"
#include "source/facts.h"
#include "source/lambda.h"
#include "source/layout.h"
#include "source/names.h"
#include "source/packs.h"
#include "source/spellings.h"
#include "source/style.h"
#include "source/wording.h"

namespace jaxsmith::source {

using plan::Body;
using plan::BodyId;
using plan::Node;
using plan::ValueId;

namespace {

// Of a number as Python writes it.
const char* type_of_default(const std::string& text) {
  return text.find_first_of(".e") == std::string::npos ? "int" : "float";
}

// Whether the parameters from `at` on are a slice of what a loop goes over rather than what it
// carries: all of a map's, and of what carries something those that come after its first.
bool is_slice(const plan::Program& program, const Body& body, std::size_t at) {
  const auto takes = [&](const Node& node) {
    return std::ranges::any_of(node.bodies, [&](BodyId id) {
      return &program.bodies[static_cast<std::size_t>(id)] == &body;
    });
  };
  const auto& loops = program.catalogue->vocabulary().calls.loops;
  for (const Body& each : program.bodies)
    for (const Node& node : each.nodes) {
      if (!takes(node)) continue;
      for (const plan::Mention& mention : plan::mentions_in(node.spelling))
        if (const auto loop = plan::find_by_end(loops, mention.name);
            mention.called && loop != loops.end() && loop->second.slices)
          return at > 0 || !loop->second.carries;
    }
  return false;
}

// What such a slice is called, by what the function is for.
std::vector<std::string> words_for_slice(const Body& body) {
  const auto holds = [](const std::string& name, std::string_view word) {
    return name.find(word) != std::string::npos;
  };
  const auto says = [&](std::string_view word) {
    return holds(body.hint, word) || std::ranges::any_of(body.names, [&](const std::string& name) {
             return holds(name, word);
           });
  };
  if (says("layer")) return {"layer_params", "layer_weights", "weights"};
  if (says("task")) return {"task", "task_data", "item"};
  return {"item", "element", "entry"};
}

}  // namespace

// Python for a body used as a value: a function's name, a lambda, or a function that does just
// that. `several`: it is one of many in the same statement, which leaves little room.
Expr Renderer::function(Frame& frame, BodyId id, bool several, Random& random) {
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
std::vector<std::string> Renderer::words_for_parameter(ValueId model, bool top,
                                                       Random& random) const {
  std::vector<std::string> words =
      parameter_names(value(model), program_, top, computed_.contains(model), random);
  const auto roles = static_cast<std::ptrdiff_t>(std::min(words.size(), value(model).names.size()));
  std::stable_partition(words.begin(), words.begin() + roles, [&](const std::string& word) {
    return (word.size() <= 2) == style_.short_names;
  });
  return words;
}

FunctionDefinition Renderer::define(BodyId id, Names& outer, int indentation) {
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
      for (std::string& word : words) word = "_" + word;
    const bool named = needed || (alone && alone_unused);
    alone_unused = alone_unused || (!named && alone);
    names.push_back(named ? frame.names.claim(words) : "_");
    names_[p] = names.back();
  }
  add_parameters(f, b, names, frame, top);
  for (const auto& [given, text] : b.defaults) {
    f.parameters.push_back({given, annotated() ? parsed(type_of_default(text)) : nullptr,
                            parsed(text), style_.keyword_only && top && b.decorators.empty()});
  }
  for (const std::string& decorator : b.decorators) {
    std::map<std::string, Expr, std::less<>> holes;
    for (const auto& [other, called] : function_names_) holes[std::to_string(other)] = name(called);
    f.decorators.push_back(substitute(parsed(decorator), holes));
  }
  const auto first = std::ranges::find_if(names, [](const auto& n) { return n[0] != '_'; });
  const std::string subject = first == names.end() ? "" : *first;
  // A name that has another function's in it is given once that one has its own, and one that says
  // what comes out once that has a name.
  const bool later = top && b.names.empty() && b.hint.empty();
  const bool by_another = top && std::ranges::any_of(b.names, [](const std::string& word) {
                            return word.find('$') != std::string::npos;
                          });
  if (!by_another && !later) f.name = name_of(b, top, subject, {}, random);
  if (top && annotated()) f.returns = annotation_of_results(b, vocabulary());
  Random says = random_.fork(fmt::format("summary {}", id));
  for (const Node& node : b.nodes) render_node(frame, node);
  std::vector<std::string> result_labels;
  Expr returned = result(frame, b, result_labels);
  if (!fits_on_line({"retur"}, returned, frame.indentation))
    returned = named_function(frame, returned);
  frame.statements.push_back(Return{without_name(frame, returned)});
  if (by_another || later) {
    std::vector<std::string> given = result_labels;  // a member's keys may be others
    for (std::size_t i = 0; i < given.size(); ++i)
      if (const auto found = names_.find(b.results[i]); found != names_.end())
        given[i] = found->second;
    f.name = name_of(b, top, subject, given, random);
  }
  if (top) f.docstring = said_of(b, f.name, names, result_labels, says);
  if (root) {
    describe_arguments(b, names);
    describe_results(b, result_labels);
  }
  if (root && !result_class_.empty() && f.returns) f.returns = name(result_class_);
  f.body = std::move(frame.statements);
  return f;
}

// What a step gives that is returned at once, where its name would say nothing.
Expr Renderer::without_name(Frame& frame, const Expr& returned) {
  if (returned->kind != ExprKind::kName || frame.statements.empty()) return returned;
  const auto* last = std::get_if<Assign>(&frame.statements.back());
  if (!last || last->targets != std::vector<std::string>{returned->text} ||
      !last->comment.empty() || !says_nothing(returned->text) ||
      !fits_on_line({"retur"}, last->value, frame.indentation))
    return returned;
  const Expr value = last->value;
  frame.statements.pop_back();
  return value;
}

std::string Renderer::name_of(const Body& b, bool top, const std::string& subject,
                              const std::vector<std::string>& labels, Random& random) {
  if (!top) return b.hint.empty() ? "inner" : b.hint;
  constexpr std::size_t kLongest = 32;
  std::vector<std::string> words, longer;
  for (const std::string& word : source::function_names(program_, b, subject, labels, random))
    if (const auto said = filled(word, {}, function_names_))
      (said->size() <= kLongest ? words : longer).push_back(*said);
  // Where none is short the shortest is.
  if (words.empty() && !longer.empty())
    words.push_back(*std::ranges::min_element(longer, {}, &std::string::size));
  if (words.empty()) words.push_back("compute");
  return module_names_.claim_unshadowed(words);
}

Docstring Renderer::said_of(const Body& b, const std::string& name,
                            const std::vector<std::string>& names,
                            const std::vector<std::string>& labels, Random& random) const {
  // Where nothing is known of its purpose, a docstring would only say names again.
  constexpr double kOfNamesAlone = 0.2;
  std::vector<std::string> summaries;
  for (const std::string& sentence : b.summaries)
    if (auto said = filled(sentence, shown(b, names), function_names_))
      summaries.push_back(std::move(*said));
  if (summaries.empty() && name.starts_with("compute_")) return {};
  if (!random.chance(summaries.empty() ? kOfNamesAlone * style_.docstring_chance
                                       : style_.summary_chance))
    return {};
  const bool entry = &b == &body(program_.root);
  Purpose purpose{std::move(summaries), arguments_of(b, names), {}, with_types(labels, b.results)};
  for (const auto& [given, text] : b.defaults)
    purpose.settings.emplace_back(given, type_of_default(text));
  return docstring(purpose, entry ? style_.sections : Sections::kNone, array_annotation(),
                   kLineLength - 4, random);
}

// As callers give them: what is a pack stands for its members.
std::vector<Argument> Renderer::arguments_of(const Body& b,
                                             const std::vector<std::string>& names) const {
  std::vector<Argument> out;
  const auto type = [&](std::size_t k) { return value(b.parameters[k]).type; };
  if (!b.takes_packs) {
    for (std::size_t k = 0; k < names.size(); ++k) out.push_back({names[k], type(k)});
    return out;
  }
  for (const plan::Unit& unit : plan::units_of(program_, names.size())) {
    const std::size_t first = unit.members[0];
    if (!unit.pack) {
      out.push_back({names[first], type(first)});
      continue;
    }
    const PackForm& form = forms_.at(*unit.pack);
    const std::string whole = print(wholes_.at(b.parameters[first]));
    Argument pack{whole, {}, print(annotation_of(form, vocabulary()))};
    for (std::size_t k = 0; k < unit.members.size(); ++k)
      pack.members.emplace_back(
          form.parts.empty() ? form.fields[k] : print(element_of(form, name(whole), k)),
          type(unit.members[k]));
    out.push_back(std::move(pack));
  }
  return out;
}

void Renderer::add_parameters(FunctionDefinition& f, const Body& b,
                              const std::vector<std::string>& names, Frame& frame, bool top) {
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
    const std::string tuple_name =
        !b.decorators.empty()       ? frame.names.claim({"primals", "tangents"})
        : is_slice(program_, b, at) ? frame.names.claim(words_for_slice(b))
                                    : frame.names.claim({"carry", "state", "loop_state"});
    f.parameters.push_back({tuple_name, nullptr, nullptr});
    std::vector<std::string> parts(names.begin() + static_cast<std::ptrdiff_t>(at),
                                   names.begin() + static_cast<std::ptrdiff_t>(at) + group);
    at += static_cast<std::size_t>(group);
    if (parts.size() == 1) parts[0] = "(" + parts[0] + ",)";
    frame.statements.push_back(Assign{std::move(parts), name(tuple_name)});
  }
}

// The parameters as the body reads them.
std::vector<std::string> Renderer::shown(const Body& b, std::vector<std::string> names) const {
  for (std::size_t i = 0; i < names.size(); ++i)
    if (const auto found = elements_.find(b.parameters[i]); found != elements_.end())
      names[i] = print(found->second);
  return names;
}

NamedTypes Renderer::with_types(const std::vector<std::string>& names,
                                const std::vector<ValueId>& ids) const {
  NamedTypes out;
  for (std::size_t i = 0; i < ids.size(); ++i) out.emplace_back(names[i], value(ids[i]).type);
  return out;
}

// All parameters of a module are annotated or none: also where a pack says its class.
bool Renderer::annotated() const {
  const bool says_class =
      style_.annotated_packs && std::ranges::any_of(program_.packs, [](const plan::Pack& pack) {
        return has_class(pack.container);
      });
  return (style_.annotations || says_class) && !array_annotation().empty();
}

Expr Renderer::result(Frame& frame, const Body& b, std::vector<std::string>& labels) {
  std::vector<Expr> items;
  Names keys;
  // A dict's keys and a tuple's labels say what the entries are.
  for (ValueId id : b.results) {
    const bool named = value(id).literal.empty() && names_.contains(id);
    const bool telling =
        named && (b.returns != plan::Returns::kDict || !says_nothing(names_.at(id)));
    labels.push_back(
        keys.claim(telling ? std::vector<std::string>{names_.at(id)} : names_for_result(id)));
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

}  // namespace jaxsmith::source
