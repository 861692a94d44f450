"""Servers on loopback that stand in for mirrors and upstreams, and the workstation that the clients run on."""
