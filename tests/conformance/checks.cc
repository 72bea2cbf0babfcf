#include "tests/conformance/check.h"

namespace virtcrypt::conformance {

const std::vector<const Check*>& all_checks() {
  static const std::vector<const Check*> all = [] {
    std::vector<const Check*> checks;
    for (const std::span<const Check> area : {
             status_checks(),
             feature_checks(),
             reset_checks(),
             queue_reset_checks(),
             pci_header_checks(),
             pci_structure_checks(),
             common_config_checks(),
             interrupt_checks(),
             ring_buffer_checks(),
             used_ring_checks(),
             split_ring_checks(),
             packed_ring_checks(),
             used_notification_checks(),
             available_notification_checks(),
             packed_notification_checks(),
             crypto_config_checks(),
             crypto_control_checks(),
             crypto_service_checks(),
             crypto_special_checks(),
             crypto_stateless_checks(),
         }) {
      for (const Check& check : area)
        checks.push_back(&check);
    }
    return checks;
  }();
  return all;
}

}  // namespace virtcrypt::conformance
