// Which arguments of a back end's functions people make settings of a function of theirs, and which
// steps may be others (source/settings.h). Functions go by their last part, or by their module's
// and that: "jnp.mean".
#pragma once

#include <map>
#include <string>
#include <vector>

#include "plan/calls.h"

namespace jaxsmith::plan {

// What a setting may be called, the likeliest first, and what it is for.
struct SettingWords {
  std::vector<std::string> names;
  std::string means = {};
};

// An argument by its place, counted from 0, of `of` arguments at least.
struct SettingPlace {
  std::string function;
  std::size_t argument, of;
  SettingWords words;
  bool random = false;  // of the module of random numbers
};

// Another function of the module that gives what this one gives of the same, the values that say
// which, and words by which a name or a docstring is true of one of them alone.
struct SettingWay {
  struct Value {
    std::string text;
    std::vector<std::string> words;
  };
  std::string function, other;
  Value value, other_value;
  std::vector<std::string> names;
  bool of_losses = false;  // only of what is summed up or averaged as the caller wants
};

struct SettingTables {
  std::map<std::string, SettingWords, std::less<>> arguments = {};  // by their names
  std::vector<SettingPlace> places = {};
  std::vector<SettingWay> ways = {};
  // Functions that give what has the type of their first argument, steps that may be left out, with
  // what says whether they are there.
  std::map<std::string, std::vector<std::string>, std::less<>> optional_steps = {};
  // Modules that have another name as well: "numpy" is "jnp".
  std::map<std::string, std::string, std::less<>> module_names = {};
  // Functions along an axis that keep the shape; that fit only the axis that they are given; that
  // take elements by their places; that give as many parts as they are asked for.
  CallNames keeping = {}, fixed = {}, placing = {}, parting = {};
};

}  // namespace jaxsmith::plan
