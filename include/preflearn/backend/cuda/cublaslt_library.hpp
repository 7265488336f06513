/// \file
/// libcublasLt, opened when it is first asked for: a program that may compute on a GPU starts on machines without it.
/// It is looked for by the loader (the program's run path, LD_LIBRARY_PATH, the system's folders), then in CUDA_HOME
/// and CUDA_PATH, /usr/local/cuda and the folders of Python's wheels in VIRTUAL_ENV and CONDA_PREFIX.
// SPDX-License-Identifier: MIT
#pragma once

#include <array>
#include <cstddef>
#include <cstdlib>
#include <filesystem>
#include <span>
#include <string>
#include <string_view>
#include <system_error>
#include <vector>

#include <dlfcn.h>

#include <cublasLt.h>

#include <preflearn/backend/cuda/error.hpp>
#include <preflearn/core/system/error.hpp>

namespace preflearn::cuda {

/// The major version whose header this was compiled with, then others of the same interface.
inline constexpr std::array cublaslt_names{
    CUBLAS_VER_MAJOR == 12 ? "libcublasLt.so.12" : "libcublasLt.so.13",
    CUBLAS_VER_MAJOR == 12 ? "libcublasLt.so.13" : "libcublasLt.so.12",
};

/// Folders of toolkits and wheels in which libcublasLt may lie besides the loader's, by the environment as it is now.
inline std::vector<std::filesystem::path> cublaslt_folders() {
    namespace fs = std::filesystem;
    constexpr std::array wheels{"nvidia/cu13/lib", "nvidia/cublas/lib"}; // of CUDA 13, of 12
    std::vector<fs::path> folders;
    const auto toolkit = [&](const fs::path& root) {
        for (const char* const part : {"lib64", "lib"}) folders.push_back(root / part);
        for (const char* const part : wheels) folders.push_back(root / part); // pip install --target root
    };
    for (const char* const name : {"CUDA_HOME", "CUDA_PATH"})
        if (const char* const root = std::getenv(name); root != nullptr && *root != '\0') toolkit(root);
    toolkit("/usr/local/cuda");
    for (const char* const name : {"VIRTUAL_ENV", "CONDA_PREFIX"}) {
        const char* const root = std::getenv(name);
        if (root == nullptr || *root == '\0') continue;
        folders.push_back(fs::path(root) / "lib");
        std::error_code none; // no such folder: nothing in it
        for (const fs::directory_entry& entry : fs::directory_iterator(fs::path(root) / "lib", none))
            if (entry.path().filename().string().starts_with("python3"))
                for (const char* const part : wheels) folders.push_back(entry.path() / "site-packages" / part);
    }
    return folders;
}

/// The functions of the library that are used here, of the types that its header gives them.
struct cublaslt_library {
    std::string path; ///< by which it was opened
    std::size_t version = 0;

    decltype(&::cublasLtCreate) create = nullptr;
    decltype(&::cublasLtGetVersion) get_version = nullptr;
    decltype(&::cublasLtGetStatusName) status_name = nullptr;
    decltype(&::cublasLtMatmul) matmul = nullptr;
    decltype(&::cublasLtMatmulAlgoGetHeuristic) find_algorithms = nullptr;
    decltype(&::cublasLtMatmulDescCreate) create_product = nullptr;
    decltype(&::cublasLtMatmulDescDestroy) destroy_product = nullptr;
    decltype(&::cublasLtMatmulDescSetAttribute) set_of_product = nullptr;
    decltype(&::cublasLtMatmulDescGetAttribute) get_of_product = nullptr;
    decltype(&::cublasLtMatrixLayoutCreate) create_layout = nullptr;
    decltype(&::cublasLtMatrixLayoutDestroy) destroy_layout = nullptr;
    decltype(&::cublasLtMatrixLayoutGetAttribute) get_of_layout = nullptr;
    decltype(&::cublasLtMatmulPreferenceCreate) create_preference = nullptr;
    decltype(&::cublasLtMatmulPreferenceDestroy) destroy_preference = nullptr;
    decltype(&::cublasLtMatmulPreferenceSetAttribute) set_of_preference = nullptr;
    decltype(&::cublasLtMatmulPreferenceGetAttribute) get_of_preference = nullptr;

    /// Opened once in a process, and never closed.
    /// \throws no_device_error, with what was looked for and where, when it is not found or lacks a function
    static const cublaslt_library& opened() {
        static const cublaslt_library one = open(cublaslt_names, cublaslt_folders());
        return one;
    }

    /// Throws unless the call succeeded. \throws device_error
    void check(cublasStatus_t result, std::string_view call, code_line at = code_line::here()) const {
        if (result == CUBLAS_STATUS_SUCCESS) return;
        throw device_error(message(call, " failed on ", detail::current_device_text(), ": ", status_name(result), " (",
                                   static_cast<int>(result), "), cuBLASLt ", version, " of ", path, "; ", at));
    }

    /// The first that there is: by the loader, then in these folders. \throws as opened()
    static cublaslt_library open(std::span<const char* const> names,
                                 const std::vector<std::filesystem::path>& folders) {
        std::string damaged; // what is there and cannot be opened
        const auto tried = [&](const std::string& name) {
            void* const library = ::dlopen(name.c_str(), RTLD_NOW | RTLD_LOCAL);
            std::error_code none;
            if (library == nullptr && std::filesystem::exists(name, none)) damaged = message("; ", ::dlerror());
            return library;
        };
        for (const char* const name : names)
            if (void* const library = tried(name)) return functions_of(library, name);
        for (const std::filesystem::path& folder : folders)
            for (const char* const name : names)
                if (void* const library = tried((folder / name).string()))
                    return functions_of(library, (folder / name).string());
        std::string wanted, places;
        for (const char* const name : names) wanted += (wanted.empty() ? "" : " and ") + std::string(name);
        for (const std::filesystem::path& folder : folders) places += ", " + folder.string();
        throw no_device_error(message("libcublasLt, which multiplies matrices on a GPU, was not found: ", wanted,
                                      " were looked for by the loader", places, damaged,
                                      "; install it (PyPI: nvidia-cublas) and set CUDA_HOME or LD_LIBRARY_PATH"));
    }

  private:
    static cublaslt_library functions_of(void* library, const std::string& path) {
        cublaslt_library found{.path = path};
        const auto take = [&]<class Function>(Function*& function, const char* name) {
            function = reinterpret_cast<Function*>(::dlsym(library, name));
            if (function == nullptr) throw no_device_error(message(path, " has no function ", name));
        };
        take(found.create, "cublasLtCreate");
        take(found.get_version, "cublasLtGetVersion");
        take(found.status_name, "cublasLtGetStatusName");
        take(found.matmul, "cublasLtMatmul");
        take(found.find_algorithms, "cublasLtMatmulAlgoGetHeuristic");
        take(found.create_product, "cublasLtMatmulDescCreate");
        take(found.destroy_product, "cublasLtMatmulDescDestroy");
        take(found.set_of_product, "cublasLtMatmulDescSetAttribute");
        take(found.get_of_product, "cublasLtMatmulDescGetAttribute");
        take(found.create_layout, "cublasLtMatrixLayoutCreate");
        take(found.destroy_layout, "cublasLtMatrixLayoutDestroy");
        take(found.get_of_layout, "cublasLtMatrixLayoutGetAttribute");
        take(found.create_preference, "cublasLtMatmulPreferenceCreate");
        take(found.destroy_preference, "cublasLtMatmulPreferenceDestroy");
        take(found.set_of_preference, "cublasLtMatmulPreferenceSetAttribute");
        take(found.get_of_preference, "cublasLtMatmulPreferenceGetAttribute");
        found.version = found.get_version();
        return found;
    }
};

} // namespace preflearn::cuda
