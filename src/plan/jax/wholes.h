// Wholes: large programs that are one thing, as people write them. A whole is an idiom with a plan
// of stages: each theme has a small grammar of which stages follow one another on what is carried
// (a residual stream, a state, a batch), of which kinds each may be, and of what repeats: layers
// with weights of their own, steps in time, chains. Stages are functions of the module.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "plan/idiom.h"

namespace jaxsmith::plan {

// A category that a theme has, and what the entry that shows it is called.
struct Theme {
  std::string name;
  Category category{};
  double weight = 1;
};

// One entry for each; `write` is told the category, and has what that asks for.
std::vector<Op> wholes_of(const std::vector<Theme>& themes,
                          const std::function<void(Idiom&, Category)>& write);
// The same, where Whole(idiom, category).write() does so.
template <class Whole>
std::vector<Op> wholes_by(const std::vector<Theme>& themes) {
  return wholes_of(themes, [](Idiom& i, Category category) { Whole(i, category).write(); });
}

// A function of the module with several results, which it returns as a tuple.
BodyId stage(Idiom& i, Idiom::Words names, std::string summary, std::vector<Idiom::Part> parameters,
             const Idiom::Fill& fill);
// $f0 of these, with several results.
Idiom::Ids call(Idiom& i, BodyId body, Idiom::Ids operands, std::vector<Idiom::Part> parts);
// What stands for the values as parameters of a function: their names, types and ranges.
std::vector<Idiom::Part> as_parts(const Idiom& i, const Idiom::Ids& ids);

std::vector<Op> network_wholes();
std::vector<Op> training_wholes();
std::vector<Op> particle_wholes();
std::vector<Op> grid_wholes();
std::vector<Op> filter_wholes();
std::vector<Op> audio_wholes();
std::vector<Op> image_wholes();
std::vector<Op> posterior_wholes();
std::vector<Op> system_wholes();
std::vector<Op> cipher_wholes();
std::vector<Op> digest_wholes();

// All of these.
std::vector<Op> whole_ops();

}  // namespace jaxsmith::plan
