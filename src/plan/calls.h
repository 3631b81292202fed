// What a back end's functions do, by their names, for what is asked of steps that are written as
// text: which of them repeat a function, differentiate one, or ask for an order alone. A name is a
// function's last part or a longer end of it: "argmax" is jnp.argmax as well as x.argmax, and
// "lax.map" is no jax.tree.map. Parts of names say nothing.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <set>
#include <string>
#include <string_view>
#include <vector>

namespace jaxsmith::plan {

using CallNames = std::set<std::string, std::less<>>;
template <class Fact>
using ByCall = std::map<std::string, Fact, std::less<>>;

// A function that repeats another one.
struct LoopCall {
  bool carries = false;  // from turn to turn: the first of what the step takes
  bool slices = false;   // the step takes an element of each array at a turn, after what is carried
};

// When many elements of a result are one number.
enum class Levels : std::uint8_t {
  kAlways,   // whatever is given: a rectifier, a sign
  kAtLimit,  // where one of two arguments is a number: a maximum
  kByChoice  // where one of two that a condition chooses between is one
};

// What a function is to those who say why a step is written as it is (source/remarks.h) and what a
// result is called (source/wording.h).
enum class CallMeaning : std::uint8_t {
  kConversion,  // to another element type
  kLargest,     // of an array's elements
  kAtLeast,     // the larger of two
  kExponential,
  kLogarithm,
  kRoot,
  kInverseRoot,
  kIdentityMatrix,
  kChoice,  // by a condition, between two
  kMap      // of a function over an axis
};

struct Calls {
  // Those of which Node::loop does not say it.
  ByCall<LoopCall> loops = {};
  CallNames derivatives = {};  // of a function
  CallNames directional = {};  // of these, those along one direction
  CallNames maps = {};         // functions over an axis; transformations of a program that do
  CallNames orders = {};       // ask for an order or a place alone
  CallNames constants = {};    // give what derivatives take for a constant
  // Give derivatives to some elements of their operand alone: where they are called, and wherever
  // they are named, be it for another function.
  CallNames thinning = {}, thinning_named = {};
  // Add elements up, all of which have the same derivative; as functions, and as methods.
  CallNames totals = {}, total_methods = {};
  CallNames fills = {};  // give one number for every element
  ByCall<Levels> levels = {};
  ByCall<CallMeaning> meanings = {};
  // Modules of random numbers, by the last part: "random" of jax.random.split.
  CallNames random_modules = {};
  std::string updater = {};      // x.at[i].add(…): "at"
  std::string mapped_axes = {};  // the argument of a map that names an axis, or None, for each
};

// How what takes functions and decides or repeats is spelled: Python with the holes of a node,
// whose functions are $f0, $f1 … What is given is such Python, operands as one tuple or one after
// another. An idiom that wants what a back end does not have fails.
struct ControlForms {
  // `over`: empty where it goes over nothing, `length` times. `options`: further arguments.
  std::string (*scan)(const std::string& carries, const std::string& over, std::int64_t length,
                      const std::string& options) = nullptr;
  std::string (*repeat)(std::int64_t first, std::int64_t last,
                        const std::string& carries) = nullptr;
  std::string (*repeat_while)(const std::string& carries) = nullptr;
  // By the first operand: between two functions, or one of a list. `operands` may be empty.
  std::string (*either)(const std::string& operands) = nullptr;
  std::string (*one_of)(const std::string& functions, const std::string& operands) = nullptr;
};

// A name that stands in a step, "jnp.argmax" or ".argmax" of a value, and whether it is called.
struct Mention {
  std::string_view name;
  bool called = false;
};
std::vector<Mention> mentions_in(std::string_view spelling);

// What a table says of a function by its longest end that is there; the table's end where it says
// nothing.
template <class Table>
typename Table::const_iterator find_by_end(const Table& table, std::string_view function) {
  while (true) {
    if (const auto found = table.find(function); found != table.end()) return found;
    const std::size_t dot = function.find('.');
    if (dot == std::string_view::npos) return table.end();
    function.remove_prefix(dot + 1);
  }
}

// Whether a function goes by one of the names; whether a step calls such a one, or names it.
bool is_one_of(std::string_view function, const CallNames& names);
bool calls_any(std::string_view spelling, const CallNames& names);
bool names_any(std::string_view spelling, const CallNames& names);

// A step without the calls of these; what stood before a function's last part is left.
std::string without_calls(std::string spelling, const CallNames& names);

}  // namespace jaxsmith::plan
