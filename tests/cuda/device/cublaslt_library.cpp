#include <doctest/doctest.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <string>
#include <vector>

#include <preflearn/backend/cuda/cublaslt_library.hpp>

#include "../../files.hpp"
#include "present.hpp"

using namespace preflearn::cuda;

namespace {

/// A variable of the environment for as long as this lives.
class variable {
  public:
    variable(const char* name, const std::string& value) : name_(name) {
        if (const char* const old = std::getenv(name)) before_ = old, was_set_ = true;
        ::setenv(name, value.c_str(), 1);
    }
    variable(const variable&) = delete;
    variable& operator=(const variable&) = delete;
    ~variable() { was_set_ ? ::setenv(name_, before_.c_str(), 1) : ::unsetenv(name_); }

  private:
    const char* name_;
    std::string before_;
    bool was_set_ = false;
};

} // namespace

TEST_CASE("folders of toolkits and wheels are those that the environment names, in this order") {
    namespace fs = std::filesystem;
    const test::folder folder;
    const fs::path wheels = folder.path() / "lib/python3.11/site-packages/nvidia/cu13/lib";
    fs::create_directories(wheels);
    const variable home("CUDA_HOME", "/a toolkit"), path("CUDA_PATH", ""),
        python("VIRTUAL_ENV", folder.path().string()), conda("CONDA_PREFIX", "/nowhere");
    const std::vector<fs::path> found = cublaslt_folders();
    const auto place = [&](const fs::path& wanted) { return std::ranges::find(found, wanted) - found.begin(); };
    CHECK(found.front() == "/a toolkit/lib64");
    CHECK(place("/a toolkit/nvidia/cu13/lib") < place("/usr/local/cuda/lib64"));
    CHECK(place("/usr/local/cuda/lib64") < place(wheels));
    CHECK(place(wheels) < place("/nowhere/lib"));
    CHECK(place("/nowhere/lib") + 1 == static_cast<std::ptrdiff_t>(found.size()));
}

TEST_CASE("where it is not found, what was looked for and where is said, and what is there but damaged") {
    const test::folder folder;
    folder.write("libnothing.so.2", "no library");
    const std::vector<const char*> names{"libnothing.so.3", "libnothing.so.2"};
    std::string said;
    try {
        cublaslt_library::open(names, {"/nowhere", folder.path()});
    } catch (const preflearn::no_device_error& failure) {
        said = failure.what();
    }
    CHECK(said.starts_with("libcublasLt, which multiplies matrices on a GPU, was not found: libnothing.so.3 and "
                           "libnothing.so.2 were looked for by the loader, /nowhere, " +
                           folder.path().string() + "; "));
    CHECK(said.find("libnothing.so.2: ") != said.npos);
    CHECK(said.ends_with("; install it (PyPI: nvidia-cublas) and set CUDA_HOME or LD_LIBRARY_PATH"));
    const std::vector<const char*> others{"libc.so.6"};
    CHECK_THROWS_WITH_AS(cublaslt_library::open(others, {}), "libc.so.6 has no function cublasLtCreate",
                         preflearn::no_device_error);
}

TEST_CASE("the library is opened once, and its failures have its words") {
    if (!test::has_cublaslt()) return;
    const cublaslt_library& library = cublaslt_library::opened();
    CHECK(&library == &cublaslt_library::opened());
    CHECK(library.version >= 120000);
    CHECK(library.path.find("libcublasLt.so.1") != library.path.npos);
    CHECK_THROWS_WITH_AS(library.check(CUBLAS_STATUS_NOT_SUPPORTED, "cublasLtMatmul"),
                         doctest::Contains("cublasLtMatmul failed on"), preflearn::device_error);
    CHECK_THROWS_WITH(library.check(CUBLAS_STATUS_NOT_SUPPORTED, "cublasLtMatmul"),
                      doctest::Contains("CUBLAS_STATUS_NOT_SUPPORTED (15), cuBLASLt "));
}
