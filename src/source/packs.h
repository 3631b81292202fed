// Packs as Python: how their elements are named, read and put together.
#pragma once

#include <string>
#include <vector>

#include "plan/catalogue.h"
#include "plan/packs.h"
#include "source/expression.h"
#include "source/layout.h"

namespace jaxsmith::source {

// A pack with its names.
struct PackForm {
  plan::Container container = plan::Container::kTuple;
  std::vector<std::string> fields;  // of each member
  std::string class_name;           // of a named tuple or a dataclass
  bool unpacked = false;            // whether functions give the elements names of their own
};

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

// Of a pack that has one; `comments` of its fields may be fewer than these, `array` annotates them.
ClassDefinition class_of(const PackForm& form, const plan::Vocabulary& words,
                         const std::vector<std::string>& comments);

// What annotates a parameter that is the pack: its class, dict[str, …], tuple[…, ...].
Expr annotation_of(const PackForm& form, const plan::Vocabulary& words);

// Nested tuples of values in a row, as plan::Body::parameter_groups says.
std::vector<Expr> grouped(const std::vector<Expr>& flat, const std::vector<int>& groups);

// Whether a parameter is one of the function's own, not a part of a tuple that it unpacks.
bool stands_alone(const plan::Body& b, std::size_t parameter);

}  // namespace jaxsmith::source
