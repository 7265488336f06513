#pragma once
#include <string>
namespace preflearn { template <class L> std::string identity_of(const L&) { return typeid(L).name(); } }
