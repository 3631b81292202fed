#include "source/commentary.h"

#include <vector>

#include "source/remarks.h"

namespace jaxsmith::source {

bool Commentary::shows(const plan::Node& node, Random random) const {
  return !node.comment.empty() && random.chance(style_.comment_chance);
}

std::string Commentary::reason(const plan::Node& node, const Expr& written, std::size_t room,
                               Random random) {
  constexpr std::size_t kMost = 3;
  if (style_.remark_chance <= 0 || given_.size() >= kMost) return {};
  for (const Remark& remark : remarks_on(written, node, program_)) {
    if (given_.contains(remark.about) || !random.chance(style_.remark_chance)) continue;
    std::vector<std::string> fitting;
    for (const std::string& wording : remark.wordings)
      if (wording.size() <= room) fitting.push_back(wording);
    if (fitting.empty()) continue;
    given_.insert(remark.about);
    return random.pick(fitting);
  }
  return {};
}

}  // namespace jaxsmith::source
