#include "rpc/guarded_file.hpp"

#include <array>
#include <cerrno>
#include <cstring>
#include <string_view>
#include <utility>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <fmt/format.h>

#include "common/errno.hpp"
#include "goroutines/descriptor.hpp"

namespace conclave::rpc::detail {

namespace {

Status explain(int error, const std::string& path) {
  return {code_of(error), fmt::format("{}: {}", path, std::strerror(error)),
          error == EEXIST ? "it is not overwritten: take another name" : ""};
}

}  // namespace

Result<GuardedFile> read_file(const std::string& path, std::size_t bytes_max) {
  const Descriptor fd(::open(
      path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK));  // a pipe is refused, not waited for
  if (!fd) return explain(errno, path);
  struct stat about{};
  if (::fstat(fd.get(), &about) != 0) return explain(errno, path);
  if (!S_ISREG(about.st_mode))
    return Status::invalid_argument(fmt::format("{} is not a file", path));
  GuardedFile file{.text = {}, .mode = about.st_mode & 07777U};
  std::array<char, 4096> block{};
  for (;;) {
    const ssize_t bytes = ::read(fd.get(), block.data(), block.size());
    if (bytes < 0 && errno == EINTR) continue;
    if (bytes < 0) return explain(errno, path);
    if (bytes == 0) return file;
    file.text.append(block.data(), static_cast<std::size_t>(bytes));
    if (file.text.size() > bytes_max)
      return Status::invalid_argument(fmt::format("{} is longer than {} bytes", path, bytes_max));
  }
}

Status create_file(const std::string& path, const std::string& text, mode_t mode) {
  const Descriptor fd(::open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, mode));
  if (!fd) return explain(errno, path);
  std::string_view rest = text;
  while (!rest.empty()) {
    const ssize_t bytes = ::write(fd.get(), rest.data(), rest.size());
    if (bytes < 0 && errno == EINTR) continue;
    if (bytes < 0) {
      const int error = errno;
      ::unlink(path.c_str());
      return explain(error, path);
    }
    rest.remove_prefix(static_cast<std::size_t>(bytes));
  }
  return {};
}

}  // namespace conclave::rpc::detail
