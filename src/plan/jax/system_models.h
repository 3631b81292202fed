// Systems of stores and flows: what a few quantities hold, what flows between them and by which
// laws, and what drives them. Formulas name stores, constants and the drive: "{beta} * {s} * {i}".
#pragma once

#include <string>
#include <vector>

#include "plan/idiom.h"

namespace jaxsmith::plan {

// `part`: of a part of the model that a program may leave out; "no x" where part x is left out.
struct SystemStore {
  std::string name, brief;
  Interval start, room;
  std::string part = {};
};

struct SystemConstant {
  std::string name, brief;
  std::vector<double> numbers;
};

struct SystemFlow {
  std::string name;
  std::string says;      // what its law gives: a docstring
  std::string from, to;  // stores; empty: the surroundings
  std::vector<std::string> laws;
  std::string share = {};  // a constant or a number: so much of it arrives
  std::string part = {};
  std::string with_from = {}, with_to = {};  // another store that loses or gains as much
};

// How what drives a system comes about.
enum class Driving {
  kConstant,  // a number
  kSeries,    // an array, one number a step
  kSeason,    // a wave around a level
  kSchedule,  // a table of phases
  kSwitch,    // on and off between two thresholds of a store
  kControl,   // a controller that brings a store to a target
  kPolicy     // less of it, for some time, once a store has passed a threshold
};

struct SystemDriver {
  Driving how{};
  std::string of = {};       // the store that it goes by
  Idiom::Words names = {};   // of a switch or a policy: "heating", "lockdown"
  double low = 0, high = 0;  // thresholds; of a target: its range
  bool on_below = true;      // the switch is on below the lower one
  std::string factor = {};   // what a policy leaves; of a controller: its gain
};

// So much more in a store, each so many steps.
struct SystemPulse {
  std::string store;
  Idiom::Words names;  // of the amount
  Interval amount;
  std::vector<std::int64_t> periods;
  std::string says;
};

struct SystemPart {
  std::string name, says;
};

struct StockSystem {
  std::string key, says;  // "epidemic", "an epidemic"
  std::vector<SystemStore> stores;
  std::vector<SystemConstant> constants;
  std::vector<SystemFlow> flows;
  std::string drive = {};  // its name in formulas; empty: nothing drives it
  Interval drives{0, 1};
  std::vector<SystemDriver> drivers = {};
  std::vector<SystemPulse> pulses = {};
  std::vector<SystemPart> parts = {};
  std::string watched;            // the store that people look at
  std::vector<double> threshold;  // of that
  std::string total = {};         // what its sum over time is called
  std::vector<std::string> dt;
  bool settles = false;  // comes to rest under a constant drive
};

const std::vector<StockSystem>& living_systems();       // system_models_living.cc
const std::vector<StockSystem>& machine_systems();      // system_models_machines.cc
const std::vector<StockSystem>& surrounding_systems();  // system_models_surroundings.cc

}  // namespace jaxsmith::plan
