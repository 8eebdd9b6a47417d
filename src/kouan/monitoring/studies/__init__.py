"""放行时间研究 (time release studies) by the WCO's method: which cases, what they took, why the long ones took long, and who confirmed it."""
