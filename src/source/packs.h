// Packs as Python: how their elements are named, read and put together.
#pragma once

#include <string>
#include <vector>

#include "plan/catalogue.h"
#include "plan/packs.h"
#include "source/expression.h"
#include "source/layout.h"

namespace jaxsmith::source {

// What a pack holds: one of its members, or a container of such.
struct Nest {
  std::string field;             // what it is called in what holds it
  std::size_t member = 0;        // where it has no parts
  std::vector<Nest> parts = {};  // where it is a container: what that holds, in order
  plan::Container container = plan::Container::kDict;
  bool list = false;            // a tuple that is written as a list
  std::string class_name = {};  // as a pack's

  bool is_member() const { return parts.empty(); }
};

// A pack with its names.
struct PackForm {
  plan::Container container = plan::Container::kTuple;
  std::vector<std::string> fields;  // of each member
  std::string class_name;           // of a named tuple or a dataclass
  bool unpacked = false;            // whether functions give the elements names of their own
  // What it holds where not all are members (source/nesting.h); every member is in it once.
  std::vector<Nest> parts = {};
};

// The pack as a container of what it holds.
Nest whole_of(const PackForm& form);

// The members that a part holds, in the order of its own.
std::vector<std::size_t> members_of(const Nest& part);

bool has_class(plan::Container container);

// Whether a named tuple may have these fields: some would hide what a tuple has.
bool named_tuple_may_have(const std::vector<std::string>& fields);

// "TrainState" of "train_state".
std::string class_name_of(const std::string& name);

// Members in the order in which JAX takes the pack apart: a dict's are sorted by key.
std::vector<std::size_t> leaf_order(const PackForm& form);

// params["w"], params.w, params[0].
Expr element_of(const PackForm& form, const Expr& whole, std::size_t member);

// The same as JAX writes it, and records of users' functions: params['w'], params.w, params[0].
std::string path_of(const PackForm& form, const std::string& whole, std::size_t member);

// The pack of these members: {"w": w, "b": b}, Params(w=w, b=b), (w, b).
Expr pack_of(const PackForm& form, const std::vector<Expr>& members);

// What reads one part of a container.
Expr part_of(const Nest& container, const Expr& whole, std::size_t part);

// Of a pack and of what it holds, as far as these have one, each after those that it names;
// `comments` of members may be fewer than these.
std::vector<ClassDefinition> classes_of(const PackForm& form, const plan::Vocabulary& words,
                                        const std::vector<std::string>& comments);

// What annotates a parameter that is the pack: its class, dict[str, …], tuple[…, ...].
Expr annotation_of(const PackForm& form, const plan::Vocabulary& words);

// What annotates what a function gives; null: it is of no simple type.
Expr annotation_of_results(const plan::Body& b, const plan::Vocabulary& words);

// Nested tuples of values in a row, as plan::Body::parameter_groups says.
std::vector<Expr> grouped(const std::vector<Expr>& flat, const std::vector<int>& groups);

// Whether a parameter is one of the function's own, not a part of a tuple that it unpacks.
bool stands_alone(const plan::Body& b, std::size_t parameter);

}  // namespace jaxsmith::source
