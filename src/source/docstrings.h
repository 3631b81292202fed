// What functions say of themselves: one line, or that and their arguments and results in one of the
// usual layouts.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/random.h"
#include "plan/program.h"

namespace jaxsmith::source {

using NamedTypes = std::vector<std::pair<std::string, plan::Type>>;

enum class Sections { kNone, kGoogle, kNumpy };

// An argument or a result, and what it is.
struct Described {
  std::string name, type, text;
};

// An argument as callers give it: an array, or a pack of what `members` lists.
struct Argument {
  std::string name;
  plan::Type type;
  std::string container = {};  // "dict"; empty: an array
  NamedTypes members = {};
};

// What is known of a function: sentences that are true of it, what it takes (`_` is not needed),
// settings with their types, and what it gives.
struct Purpose {
  std::vector<std::string> summaries;
  std::vector<Argument> parameters;
  std::vector<std::pair<std::string, std::string>> settings = {};
  NamedTypes results;
};

// One line, and sections where these are asked for; nothing where the line is empty.
struct Docstring {
  std::string summary;
  Sections sections = Sections::kNone;
  std::vector<Described> arguments = {}, results = {};

  bool empty() const { return summary.empty(); }
};

// One of the sentences, rather one that has room on a line, or one made of names where there is
// none. `width`: columns from where the docstring begins. `array`: how the type of an array is
// written; empty: in words.
Docstring docstring(const Purpose& purpose, Sections sections, const std::string& array,
                    std::size_t width, Random& random);

// What a setting is for, by its name: "Small constant that keeps the result finite.".
std::string meaning_of_setting(const std::string& name);

// Lines divided by '\n' that fit into `width` columns; sections stay away where they would be long.
std::string text_of(const Docstring& docstring, std::size_t width);

// A sentence with names in the places of its holes: `$f3` is function 3, `$0` the first parameter.
// Nothing where one has no name.
std::optional<std::string> filled(const std::string& sentence,
                                  const std::vector<std::string>& parameters,
                                  const std::map<plan::BodyId, std::string>& functions);

}  // namespace jaxsmith::source
