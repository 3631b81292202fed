// Grades a file of predictions against a dataset: how many of them have credit.
#include <jaxsmith/generate.h>

#include <algorithm>
#include <cstdio>

int main(int argc, char** argv) {
  if (argc != 3) return std::fprintf(stderr, "usage: grade PREDICTIONS DATASET\n"), 2;
  const auto graded = jaxsmith::grade_predictions(argv[1], argv[2], {}, 2);
  if (!graded.ok()) return std::fprintf(stderr, "%s\n", graded.error().message.c_str()), 1;
  const auto right = std::count_if(graded.value().begin(), graded.value().end(),
                                   [](const auto& g) { return g.grade.agrees; });
  std::printf("%ld of %zu\n", static_cast<long>(right), graded.value().size());
}
