#include "source/style.h"

#include <vector>

namespace jaxsmith::source {

Style Style::draw(Random random) {
  Style s;
  s.nesting = static_cast<int>(1 + random.weighted(std::vector<double>{0.35, 0.45, 0.2}));
  s.inline_chance = random.uniform(0.4, 0.95);
  s.lambda_chance = random.uniform(0.1, 0.8);
  s.annotations = random.chance(0.15);
  s.docstring_chance = random.chance(0.4) ? 0.85 : 0.1;
  s.long_names = random.chance(0.15);
  s.summary_chance = random.chance(0.5) ? 0.95 : 0.1;
  const bool commented = random.chance(0.3);
  s.comment_chance = commented ? 0.9 : 0.1;
  s.remark_chance = commented ? 0.5 : 0;
  s.trailing_chance = random.uniform(0, 0.5);
  s.shape_comments = random.chance(0.04);
  s.argument_shapes = random.chance(0.05);
  s.short_names = random.chance(0.25);
  const double sections = random.uniform();
  if (sections < 0.3) s.sections = sections < 0.2 ? Sections::kGoogle : Sections::kNumpy;
  s.keyword_only = random.chance(0.35);
  s.annotated_packs = random.chance(0.6);
  s.field_shapes = random.chance(0.35);
  s.named_results = random.chance(0.3);
  return s;
}

}  // namespace jaxsmith::source
