#include "common/errno.hpp"

#include <cerrno>

namespace conclave {

Code code_of(int error) {
  switch (error) {
    case ENOENT:
    case ENOTDIR:
      return Code::not_found;
    case EEXIST:
      return Code::already_exists;
    case EACCES:
    case EPERM:
    case EROFS:
      return Code::permission_denied;
    case ENOSPC:
    case EDQUOT:
    case EFBIG:
    case EMFILE:
    case ENFILE:
      return Code::resource_exhausted;
    case EIO:
      return Code::data_loss;
    default:
      return Code::unknown;
  }
}

}  // namespace conclave
