"""Services: what a network answers by itself. DHCP, router advertisements, names, ICMP errors, neighbours outside."""
