#include "save.hpp"

#include "common/todo.hpp"

namespace conclave {

Status save(Disk& disk, const std::string& config) {
  todo("4.4: save, after which the old file or the new one is found, whenever the power fails");
}

}  // namespace conclave
