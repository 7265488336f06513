// says: "a Backend has a `name`, an owning `matrix<T>(rows, columns)` with view(), and multiply(transpose, a,
// transpose, b, c, store)"
//
// The backend has arrays and no product.
#include <cstddef>
#include <string_view>

#include <preflearn/core/requirements.hpp>

struct my_backend {
    static constexpr std::string_view name = "mine";
    template <class T> struct matrix {
        matrix(std::size_t, std::size_t) {}
        preflearn::matrix_view<T> view() { return {}; }
        preflearn::matrix_view<const T> view() const { return {}; }
    };
};

void use() { preflearn::check_backend<my_backend, float>(); }
