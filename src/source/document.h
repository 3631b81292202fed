// Texts with places where a line may end, laid out for a width: groups that stand on one line where
// they fit, and otherwise end a line at each of their places. After Oppen, "Prettyprinting" (ACM
// TOPLAS 2(4), 1980), and Wadler, "A prettier printer" (2003).
//
//   Document d = group({text("f("), indent({soft_line(), text("x")}), soft_line(), text(")")});
//   flat(d);              // f(x)
//   layout("", d, 0, 3);  // f(, x and ) on three lines
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace jaxsmith::source {

struct Document {
  enum class Kind {
    kText,         // text
    kSoftLine,     // nothing, or a line's end where the innermost group is broken
    kSpaceOrLine,  // a space, or a line's end there
    kIfBroken,     // text, where the innermost group is broken
    kSequence,     // parts
    kIndent,       // parts, whose lines begin kIndent columns further in
    kGroup,        // parts
  };
  Kind kind;
  std::string text = {};
  std::vector<Document> parts = {};
};

inline constexpr int kIndent = 4;  // columns

Document text(std::string text);
Document soft_line();
Document space_or_line();
Document if_broken(std::string text);
Document sequence(std::vector<Document> parts);
Document indent(std::vector<Document> parts);
Document group(std::vector<Document> parts);

// All on one line.
std::string flat(const Document& document);

// `prefix` and the document, from column `indentation` on; lines after the first are indented by it
// too. A group is broken where it and what follows up to the next place where a line may end do not
// fit into `width` columns. Lines are divided by '\n', the last has none.
std::string layout(std::string_view prefix, const Document& document, int indentation, int width);

// The same with every group broken: the narrowest that it gets.
std::string broken(std::string_view prefix, const Document& document, int indentation);

}  // namespace jaxsmith::source
