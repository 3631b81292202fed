#include "source/renderer.h"

#include <fmt/format.h>

#include <algorithm>

#include "source/expression.h"
#include "source/facts.h"
#include "source/layout.h"
#include "source/names.h"
#include "source/nesting.h"
#include "source/packs.h"
#include "source/style.h"

namespace jaxsmith::source {

using plan::Body;
using plan::Node;
using plan::ValueId;

namespace {

// Whether a loop takes the pack whole whose step takes its members as one flat tuple.
bool carried_flat(const plan::Program& program, std::size_t pack) {
  const auto holds = [&](const std::vector<plan::Packed>& all) {
    return std::ranges::any_of(all, [&](const plan::Packed& p) { return p.pack == pack; });
  };
  return std::ranges::any_of(program.bodies, [&](const Body& body) {
    return std::ranges::any_of(body.nodes, [&](const Node& node) {
      if (node.bodies.size() != 1 || !holds(node.packed_operands)) return false;
      const Body& step = program.bodies[static_cast<std::size_t>(node.bodies[0])];
      return !step.takes_packs && !holds(step.packed_parameters);
    });
  });
}

}  // namespace

const std::vector<std::size_t>& Renderer::members_of(const plan::Packed& packed) const {
  return program_.packs[packed.pack].members;
}

// Of parameters of a function within, as it would call them.
std::vector<std::string> Renderer::names_of(const std::vector<ValueId>& ids) const {
  Names names;
  std::vector<std::string> out;
  for (const ValueId id : ids) {
    Random random = random_.fork(fmt::format("parameter {}", id));
    out.push_back(names.claim(words_for_parameter(id, false, random)));
  }
  return out;
}

// Values that stand as one: what they came in, or a new pack of them.
Expr Renderer::together(Frame& frame, const std::vector<ValueId>& values,
                        const plan::Packed& packed) {
  if (const auto origin = origins_.of(values, packed)) return wholes_.at(*origin);
  std::vector<Expr> members;
  for (std::size_t i = 0; i < members_of(packed).size(); ++i)
    members.push_back(operand(frame, values[packed.first + i]));
  return pack_of(forms_.at(packed.pack), members);
}

// The pack's names in every function of the module: those of the arguments where it is first met.
const PackForm& Renderer::form_of(std::size_t pack, const Body& b, const std::vector<ValueId>& ids,
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
  if (!carried_flat(program_, pack))
    form.parts = nested_parts(program_, b, ids, form, planned.names.front(), random, claim);
  if (has_class(form.container)) form.class_name = claim(class_name_of(planned.names.front()));
  for (auto& each : classes_of(form, vocabulary(), shapes))
    module_.classes.push_back(std::move(each));
  return forms_.emplace(pack, std::move(form)).first->second;
}

void Renderer::add_packs(FunctionDefinition& f, const Body& b,
                         const std::vector<std::string>& names, Frame& frame,
                         const Expr& annotation, const std::vector<std::string>& comments) {
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
    const bool shown = style_.field_shapes && !vocabulary().calls.maps.contains(transformation_);
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
void Renderer::take_apart(Frame& frame, const std::vector<ValueId>& ids, const Nest& at,
                          const Expr& whole, bool unpacked, const std::vector<std::string>& names) {
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

void Renderer::name_elements(Frame& frame, plan::Container container, const Expr& whole,
                             const std::vector<std::string>& targets,
                             const std::vector<std::string>& all,
                             const std::vector<Expr>& elements) {
  if (targets.empty()) return;
  const bool sequence =
      container == plan::Container::kTuple || (container == plan::Container::kNamedTuple &&
                                               targets.size() == all.size() && all.size() <= 4);
  if (sequence && all.size() > 1) {
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
std::string Renderer::claim_pack(Frame& frame, const Node& node, const plan::Packed& packed) {
  const auto first = node.results.begin() + static_cast<std::ptrdiff_t>(packed.first);
  const std::vector<ValueId> ids(first,
                                 first + static_cast<std::ptrdiff_t>(members_of(packed).size()));
  const auto read = [&](ValueId id) { return id != plan::kNoValue && value(id).uses > 0; };
  const auto some = std::ranges::find_if(ids, read);
  if (some == ids.end()) return "_";
  // What a loop ends with has the names of its carry.
  const std::string& hint = value(*some).hint;
  const bool derivative = plan::names_any(node.spelling, vocabulary().calls.derivatives);
  const bool loop = !node.bodies.empty() && !derivative;
  std::vector<std::string> candidates;
  for (const std::string& whole : program_.packs[packed.pack].names)
    candidates.push_back((loop ? "final_" : hint + "_") + whole);
  if (node.packed_results.size() == 1 && derivative) candidates.insert(candidates.begin(), "grads");
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
void Renderer::describe_arguments(const Body& b, const std::vector<std::string>& names) {
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

void Renderer::describe_results(const Body& b, const std::vector<std::string>& labels) {
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

bool Renderer::named_results(const Body& b, const std::vector<std::string>& labels) const {
  return &b == &body(program_.root) && style_.named_results && vocabulary().containers &&
         named_tuple_may_have(labels);
}

// A named tuple of the results, in the place of a dict.
Expr Renderer::class_of_results(const Body& b, const std::vector<std::string>& labels,
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

}  // namespace jaxsmith::source
