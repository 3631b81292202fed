#include "plan/jax/wholes.h"

#include <algorithm>
#include <iterator>

#include "plan/field.h"

namespace jaxsmith::plan {

std::vector<Op> wholes_of(const std::vector<Theme>& themes,
                          const std::function<void(Idiom&, Category)>& write) {
  std::vector<Op> out;
  for (const Theme& theme : themes)
    out.push_back(
        of_field(Field::kWholes,
                 idiom(theme.name, theme.category, theme.weight, Derivative::kSmooth,
                       [write, category = theme.category](Idiom& i) { write(i, category); })));
  return out;
}

BodyId stage(Idiom& i, Idiom::Words names, std::string summary, std::vector<Idiom::Part> parameters,
             const Idiom::Fill& fill) {
  const BodyId id = i.helper(std::move(names), std::move(summary), std::move(parameters), fill);
  Body& body = i.builder().program().bodies[static_cast<std::size_t>(id)];
  if (body.results.size() > 1) body.returns = Returns::kTuple;
  return id;
}

Idiom::Ids call(Idiom& i, BodyId body, Idiom::Ids operands, std::vector<Idiom::Part> parts) {
  const std::string spelling = "$f0(" + Idiom::holes(0, operands.size()) + ")";
  return i.unpack(spelling, std::move(operands), {body}, std::move(parts));
}

std::vector<Idiom::Part> as_parts(const Idiom& i, const Idiom::Ids& ids) {
  std::vector<Idiom::Part> out;
  for (const ValueId id : ids) {
    if (id == kNoValue) Idiom::fail();
    const Value& v = i.program().values[static_cast<std::size_t>(id)];
    Idiom::Words names = v.names;
    names.push_back("values");
    out.push_back({std::move(names), v.type, practical(v.stats)});
  }
  return out;
}

std::vector<Op> whole_ops() {
  std::vector<Op> all;
  for (auto* table :
       {network_wholes, training_wholes, particle_wholes, grid_wholes, filter_wholes, audio_wholes,
        image_wholes, posterior_wholes, system_wholes, cipher_wholes, digest_wholes})
    std::ranges::move(table(), std::back_inserter(all));
  return all;
}

}  // namespace jaxsmith::plan
